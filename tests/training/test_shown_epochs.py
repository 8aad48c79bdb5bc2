"""The line of an epoch: whole numbers on a terminal of 80 columns."""

import pytest

from denoising_pipeline.training.shown_epochs import shown_epochs


def line(logs: dict[str, float], capsys: pytest.CaptureFixture[str]) -> str:
    callback = shown_epochs(epochs=2, steps=10)
    callback.on_epoch_begin(1, {})
    callback.on_epoch_end(1, logs)
    return capsys.readouterr().out


def test_scores_stand_beside_those_of_validation(capsys: pytest.CaptureFixture[str]) -> None:
    logs = {"loss": -4.82631, "psnr": 21.3452, "val_loss": -4.85442, "val_psnr": 21.4611}
    expected = "epoch 2 of 2  loss -4.826 val -4.854  psnr 21.35 val 21.46  0 s\n"
    assert line(logs, capsys) == expected


def test_a_classifier_has_room_for_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    logs = {"accuracy": 0.99041, "loss": 0.031694, "val_accuracy": 0.99162, "val_loss": 0.026094}
    shown = line(logs, capsys)
    assert "accuracy 0.9904 val 0.9916  loss 0.03169 val 0.02609  0 s\n" in shown
    assert len(shown) <= 80


def test_numbers_without_room_are_left_out_whole(capsys: pytest.CaptureFixture[str]) -> None:
    shown = line({f"measure_{number}": 0.12345 for number in range(9)}, capsys)
    assert len(shown) <= 80
    parts = shown.split("  ")
    assert {part.split()[-1] for part in parts[1:-1]} == {"0.1235"}
    assert parts[-1] == "0 s\n"
