"""Amazon Q Developer in chat applications (AWS Chatbot): a topic's message → what the channel shows of it.

Pure: no AWS, no file, no clock. Not here: which channels a topic goes to.

    shown(text)     # Shown, or Dropped with the reason
"""

from secretwatch.chat.message import Dropped, Shown, shown

__all__ = ["Dropped", "Shown", "shown"]
