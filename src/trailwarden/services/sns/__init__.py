"""Amazon SNS: topics, their policies, subscriptions, messages.

Importing this package registers its operations.
"""

from trailwarden.services.sns import publishing, subscriptions, topics
from trailwarden.services.sns.facts import sns_facts
from trailwarden.services.sns.notice import TopicNotices
from trailwarden.services.sns.post import Postman

__all__ = ["Postman", "TopicNotices", "publishing", "sns_facts", "subscriptions", "topics"]
