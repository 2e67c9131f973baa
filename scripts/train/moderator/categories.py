"""The categories of the classifier, in the order of its labels: those of OpenAI's moderation that the texts can teach."""

CATEGORIES = ["harassment", "harassment/threatening", "hate", "illicit", "illicit/violent", "self-harm", "violence"]
