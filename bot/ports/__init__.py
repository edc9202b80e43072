"""What the core needs from the world, as Protocols named by role."""

from bot.ports.chat import ChatPlatform, Confirm, Landing, Subject
from bot.ports.clock import Clock
from bot.ports.events import EventLog
from bot.ports.files import Archive, Fitted, Fitter, Library, Reduction, Stored
from bot.ports.orders import Order, OrderKind, OrderStorage
from bot.ports.provider import ModelLimits, Organization, Provider, Task, TaskStatus
from bot.ports.quota import DraftStorage, QuotaStorage
from bot.ports.receipts import Receipt, Receipts
from bot.ports.replicas import Replicas
from bot.ports.storage import Busy, ByMember, Lines, Once, Storage, Timing, Untold, Waiting

__all__ = [
    "Archive",
    "Busy",
    "ByMember",
    "ChatPlatform",
    "Clock",
    "Confirm",
    "DraftStorage",
    "EventLog",
    "Fitted",
    "Fitter",
    "Landing",
    "Library",
    "Lines",
    "ModelLimits",
    "Once",
    "Order",
    "OrderKind",
    "OrderStorage",
    "Organization",
    "Provider",
    "QuotaStorage",
    "Receipt",
    "Receipts",
    "Reduction",
    "Replicas",
    "Storage",
    "Stored",
    "Subject",
    "Task",
    "TaskStatus",
    "Timing",
    "Untold",
    "Waiting",
]
