"""What may be wrong with a record: each break with its row, a sentence, and what to do about it."""

from dataclasses import dataclass

RESTORE = "Compare with a backup of before, restore what is missing beside this database, and find out who could write."
WHO = "Find out who could write to the database, and compare with a backup of before."
PAST_THE_GATE = "The procedure was let in past the gate. Look at the case with its team, and who could write."
REMEDIES = {
    "row_missing": RESTORE,
    "row_misplaced": WHO,
    "row_altered": WHO,
    "head_wrong": WHO,
    "chain_rewritten": WHO,
    "tail_cut": RESTORE + " After a restore of an older backup: file away the checkpoints, with who and why.",
    "chain_gone": RESTORE + " After a restore of an older backup: file away the checkpoints, with who and why.",
    "checkpoint_forged": "Compare the file with a copy of before; somebody could write to the folder of checkpoints.",
    "checkpoint_torn": "A crash or a full disk does it; the next sealing (manage.py seal_record) writes it anew.",
    "checkpoint_cut": "Restore the file from a copy of before; somebody could write to the folder of checkpoints.",
    "access_altered": WHO,
    "access_forged": WHO,
    "pass_unknown": PAST_THE_GATE,
    "pass_altered": WHO,
    "decision_altered": WHO,
    "start_without_pass": PAST_THE_GATE,
    "erasure_unknown": WHO,
}


@dataclass(frozen=True, slots=True)
class Break:
    """`row`: the number of the row of the record, where there is one."""

    code: str
    sentence: str
    row: int | None = None

    @property
    def remedy(self) -> str:
        return REMEDIES[self.code]
