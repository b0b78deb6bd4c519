"""What the bot does about each kind of update, one file per topic; every handler is thin."""
