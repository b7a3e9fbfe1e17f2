"""A call that waits ends with the server, at once and with an answer."""

import threading
from pathlib import Path
from typing import Any

from tests.lasting import Server


def test_a_waiting_call_is_answered_when_the_server_ends(tmp_path: Path) -> None:
    server = Server(tmp_path)
    url = server.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    waiting = server.client("sqs")
    answers: list[Any] = []
    asked = threading.Event()
    waiting.meta.events.register("before-send.sqs.ReceiveMessage", lambda **_: asked.set())
    thread = threading.Thread(
        target=lambda: answers.append(waiting.receive_message(QueueUrl=url, WaitTimeSeconds=20, MaxNumberOfMessages=1))
    )
    thread.start()
    assert asked.wait(10)
    thread.join(0.5)
    server.end()
    thread.join(10)
    assert [answer["ResponseMetadata"]["HTTPStatusCode"] for answer in answers] == [200]
