"""`dailies quota reconcile`: our books beside Runway's."""

import argparse
from dataclasses import asdict
from typing import Any

from bot.clock import SystemClock
from bot.commandline.quota_whom import workspace_named
from bot.commandline.tables import Answer
from bot.config import load_config
from bot.errors import ConfigError, ProviderError
from bot.messages.plain import plain
from bot.messages.quotas import reconciled
from bot.ports import QuotaStorage
from bot.reconciliation import Reconciliation, Report
from bot.shell import open_runway


async def reconcile(arguments: argparse.Namespace, quotas: QuotaStorage) -> Answer:
    """With the uncertain jobs of all workspaces, or of the one that is named."""
    named = workspace_named(arguments.workspace) if arguments.workspace else None
    report = await _report(quotas)
    if named is not None:
        report = report.seen_by(named)
    return Answer(plain(reconciled(report)), _facts(report))


async def _report(quotas: QuotaStorage) -> Report:
    async with open_runway(load_config()) as runway:
        try:
            return await Reconciliation(quotas, runway, SystemClock()).report()
        except ProviderError as error:
            text = f"The books cannot be compared: {error}. `dailies check runway` says more."
            raise ConfigError(text) from error


def _facts(report: Report) -> dict[str, Any]:
    uncertain = [
        {
            "job": job.id,
            "workspace": job.owner.workspace,
            "member": job.owner.id,
            "credits": job.request.price,
        }
        for job in report.uncertain
    ]
    return {**asdict(report), "uncertain": uncertain}
