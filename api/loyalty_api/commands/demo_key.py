"""The demo's key, kept for the next start in LOYALTY_HOME: it opens a sandbox of sample data only."""

from pathlib import Path

from loyalty_api.commands.outcome import refused
from loyalty_api.commands.session import Session
from loyalty_engine.services.credentials import CreateCredential, create_credential
from loyalty_engine.services.engine import Caller
from loyalty_engine.services.keys import is_key, parse_key
from loyalty_engine.services.refusals import Refusal


async def demo_key(session: Session, caller: Caller) -> str:
    """The key of the last start if it still opens the sandbox, else a new one."""
    kept = session.settings.home / "demo_key"
    text = kept.read_text(encoding="utf-8").strip() if kept.exists() else ""
    if await _opens(session, caller, text):
        return text
    made = await create_credential(session.engine, caller, CreateCredential("test", "demo"))
    if isinstance(made, Refusal):
        raise refused(made)
    _keep(kept, made.key.text)
    return made.key.text


async def _opens(session: Session, caller: Caller, text: str) -> bool:
    key = parse_key(text)
    if key is None:
        return False
    found = await session.engine.database.authenticate(key.key_id)
    return (
        found is not None
        and is_key(key, found["key_hash"])
        and found["business_id"] == caller.business_id
        and found["revoked_at"] is None
    )


def _keep(path: Path, text: str) -> None:
    """For the owner's eyes only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text + "\n", encoding="utf-8")
