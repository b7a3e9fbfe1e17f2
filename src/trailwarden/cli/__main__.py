"""`python -m trailwarden.cli`: the command line without its script."""

from trailwarden.cli import main

if __name__ == "__main__":
    main()
