"""The report says what the tables say, carries all that it needs, and escapes what it is given."""

import json
import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from cards import card
from report_inputs import (
    CARD,
    COMMIT,
    COUNT,
    changed,
    history,
    parsed,
    part,
    photographs,
    results,
    without_clean,
)

from denoising_pipeline.degradations.camera import Camera
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.report import SECTIONS, Results, RunFacts, render
from denoising_pipeline.report.blocks import Section, Text
from denoising_pipeline.report.others import SIDES
from denoising_pipeline.report.tables import UNKNOWN
from denoising_pipeline.report.words import WORDS


def cells(section: Tag) -> list[list[str]]:
    """Return the words of every row of a section's tables."""
    rows = section.select("tbody tr")
    return [[cell.get_text() for cell in row.select("th, td")] for row in rows]


@pytest.fixture(scope="module")
def page() -> BeautifulSoup:
    return parsed()


def test_every_section_has_a_heading_and_a_link_to_it(page: BeautifulSoup) -> None:
    sections = page.select("main > section")
    assert [str(section["id"]) for section in sections] == [
        "result",
        "picture",
        "learning",
        "distribution",
        "labels",
        "extremes",
        "robustness",
        "others",
        "denoiser",
        "run",
    ]
    links = {link.get_text(): link["href"] for link in page.select("nav a")}
    for section in sections:
        heading = section.find("h2")
        assert heading is not None
        assert links[heading.get_text()] == f"#{section['id']}"
        assert section["aria-labelledby"] == heading["id"]
    assert len(links) == len(sections) == len(SECTIONS) - len(SIDES)


def test_the_page_fetches_nothing(page: BeautifulSoup) -> None:
    """Its addresses are inside of it, and its policy forbids any other."""
    tags = [(name, tag) for name in ("src", "href") for tag in page.select(f"[{name}]")]
    addresses = [str(tag[name]) for name, tag in tags]
    assert len(addresses) > 60
    assert {address.split(",")[0][:22] for address in addresses if address[0] != "#"} == {
        "data:image/png;base64"
    }
    assert not page.find_all(["link", "iframe", "object", "base"])
    style = "".join(tag.get_text() for tag in page.find_all("style"))
    assert "--strong" in style
    assert not re.search(r"url\(|@import", style)
    policy = page.find("meta", {"http-equiv": "Content-Security-Policy"})
    assert policy is not None
    assert str(policy["content"]).startswith("default-src 'none'; img-src data:;")


def test_the_headline_is_that_of_the_summary(page: BeautifulSoup) -> None:
    summary, result = results().summary, part(page, "result")
    figures = {
        row.dt.get_text(): row.dd.get_text(" ", strip=True)
        for row in result.select("dl > div")
        if row.dt and row.dd
    }
    assert list(figures) == ["PSNR", "Gain", "SSIM"]
    low, high = (f"{summary[f'psnr_ci_{end}']:.2f}" for end in ("low", "high"))
    expected = f"{summary['psnr']:.2f} dB 95% interval {low} to {high}, over {COUNT} test images"
    assert figures["PSNR"] == expected
    assert figures["Gain"].startswith(f"{summary['psnr'] - summary['noisy_psnr']:+.2f} dB")
    rows = {row[0]: row[1:] for row in cells(result)}
    means = [f"{summary[key]:.2f}" for key in ("noisy_psnr", "psnr")]
    assert rows["PSNR [dB]"] == [*means, f"{low} to {high}"]
    assert rows["PSNR, pooled [dB]"] == [
        f"{summary['noisy_psnr_pooled']:.2f}",
        f"{summary['psnr_pooled']:.2f}",
        "",
    ]


def test_the_limit_is_shown_where_it_is_known() -> None:
    known = {**results().summary, "limit_psnr": 31.25, "limit_distance": 17.5}
    shown = part(parsed(changed(summary=known)), "result").get_text(" ", strip=True)
    assert "To the limit 17.50 dB limit: 31.25 dB" in shown
    assert "limit 31.25" in shown
    assert "limit" not in part(parsed(), "result").get_text()


BASELINE = {
    "baseline": "gaussian filter + tone",
    "baseline_psnr": 10.5,
    "baseline_gain": 1.84,
    "baseline_gain_ci_low": 1.75,
    "baseline_gain_ci_high": 2.0,
}


def test_a_cheap_filter_stands_beside_the_result() -> None:
    page = parsed(changed(summary={**results().summary, **BASELINE}))
    shown = part(page, "result").get_text(" ", strip=True)
    assert "Over gaussian filter + tone +1.84 dB +1.75 to +2.00; the baseline" in shown
    assert "gaussian filter + tone 10.50" in shown
    rows = {row[0]: row[1:] for row in cells(part(page, "result"))}
    assert rows["PSNR [dB]"][1] == "10.50"
    assert rows["PSNR [dB]"][-1] == "+1.84 (+1.75 to +2.00)"
    assert rows["MSE"][-1] == ""
    assert not page.select("[role=alert]")


def test_a_denoiser_that_loses_to_the_baseline_is_said_to_do_so() -> None:
    lost = {**results().summary, **BASELINE, "baseline_gain": -0.2}
    (alert,) = parsed(changed(summary=lost)).select("[role=alert]")
    assert "It loses to the baseline, gaussian filter + tone" in alert.get_text()


@pytest.mark.parametrize("harmful", [False, True])
def test_each_score_by_which_the_baseline_is_better_is_said(*, harmful: bool) -> None:
    """Also of a denoiser that is worse than doing nothing, and where less is better."""
    colours = {
        "colour_difference": 12.96,
        "noisy_colour_difference": 12.74,
        "baseline_colour_difference": 12.5,
        "baseline_gain_colour_difference": -0.46,
        "baseline_gain_colour_difference_ci_low": -0.75,
        "baseline_gain_colour_difference_ci_high": -0.2,
    }
    lost = {**results().summary, **BASELINE, **colours, "worse_than_noisy": harmful}
    alerts = parsed(changed(summary=lost)).select("[role=alert]")
    assert len(alerts) == 1 + harmful
    said = alerts[-1].get_text()
    assert "CIEDE2000 12.96, the baseline 12.50, worse by 0.46 (0.20 to 0.75)" in said
    assert "PSNR" not in said


def test_words_are_explained_once_in_a_section_and_nowhere_without_need() -> None:
    page = parsed()
    for section in page.select("main > section"):
        asked = [str(button["popovertarget"]) for button in section.select(".word")]
        assert len(asked) == len(set(asked))
    told = {str(box["id"]): box.get_text(" ", strip=True) for box in page.select("[popover]")}
    assert {str(button["popovertarget"]) for button in page.select(".word")} == told.keys()
    for word in ("PSNR", "pooled", "SSIM", "loss", "interval"):
        assert told[f"word-{word.lower()}"] == f"{word} {WORDS[word]}"
    assert "word-limit" not in told
    known = {**results().summary, "limit_psnr": 31.25, "limit_distance": 17.5}
    assert parsed(changed(summary=known)).find(id="word-limit")


def test_the_tracked_run_is_a_link_where_its_store_has_pages() -> None:
    assert "This run in MLflow" not in part(parsed(), "run").get_text()
    address = "http://127.0.0.1:5000/#/experiments/1/runs/c0ffee"
    facts = replace(results().facts, mlflow_address=address, mlflow_serves="kedro mlflow ui")
    section = part(parsed(changed(facts=facts)), "run")
    assert section.find("a", href=address)
    assert "answers while kedro mlflow ui runs" in section.get_text(" ", strip=True)


def test_what_was_trained_on_stands_beside_the_result() -> None:
    gain = {"start_gain": 0.25, "start_gain_ci_low": -0.125, "start_gain_ci_high": 0.5}
    known = {**results().summary, "start": "photos", "start_psnr": 20.5, **gain}
    shown = part(parsed(changed(summary=known)), "result").get_text(" ", strip=True)
    assert "Over photos +0.25 dB -0.12 to +0.50; photos, from which it was trained on:" in shown
    assert "photos 20.50" in shown


def test_what_is_less_known_is_explained_where_it_stands() -> None:
    known = {**results().summary, "limit_psnr": 31.25, "limit_distance": 17.5}
    shown = part(parsed(changed(summary=known)), "result").get_text(" ", strip=True)
    assert "limit: 31.25 dB, the best that is thought possible on these images" in shown
    assert "structural similarity, 1 for equal images" in shown
    assert "pooled: PSNR of the mean MSE, in which bad images weigh more" in shown
    negative = parsed(changed(history=history(3).assign(loss=-4.2)))
    assert "has the logarithm of the error in it" in part(negative, "learning").get_text()
    assert "logarithm" not in part(parsed(), "learning").get_text()


def test_a_denoiser_that_does_harm_is_said_to_do_so_at_the_top() -> None:
    worse = {"psnr": 8.99, "noisy_psnr": 9.39, "worse_than_noisy": True}
    page = parsed(changed(summary={**results().summary, **worse}))
    (alert,) = page.select("[role=alert]")
    first = part(page, "result").find_all(["p", "dl", "div", "table"])[0]
    assert first is alert
    assert "8.99 dB denoised, 9.39 dB noisy. Do not use this denoiser" in alert.get_text()
    assert "training.epochs" in alert.get_text()
    assert not parsed().select("[role=alert]")


def test_metrics_that_were_left_out_are_nowhere() -> None:
    found = results()
    kept = {key: value for key, value in found.summary.items() if "ssim" not in key}
    tables = ("image_metrics", "digit_metrics", "noise_sweep")
    less = {name: getattr(found, name).filter(regex="^(?!.*ssim)") for name in tables}
    page = parsed(changed(summary=kept, **less))
    assert "SSIM" not in page.get_text()


def test_images_of_any_sizes_without_labels_have_a_report() -> None:
    page = parsed(photographs())
    assert page.find(id="labels") is None
    assert "#labels" not in {link["href"] for link in page.select("nav a")}
    assert "label" not in part(page, "picture").get_text()
    run = part(page, "run")
    rows = {row[0]: row[1:] for row in cells(run)}
    assert rows["boats/0.png"] == ["200, 300, 3", "ef" * 32]
    assert rows["boats/bad.png"] == ["is damaged"]
    assert "uncompressed" not in run.get_text()


def test_a_degradation_without_a_level_has_no_section_of_levels() -> None:
    page = parsed(changed(noise_sweep=results().noise_sweep.head(0)))
    assert page.find(id="robustness") is None


def test_the_denoiser_is_described_by_its_card(page: BeautifulSoup) -> None:
    section = part(page, "denoiser")
    rows = {row[0]: row[-1] for row in cells(section)}
    assert rows["source"] == "mnist"
    assert rows["training images"] == "55,000"
    assert rows["licence of the images"] == "CC BY-SA 3.0"
    assert rows["degradation"] == "gaussian, sigma 0.5"
    assert rows["objective"] == "supervised"
    assert rows["architecture"] == "dense, latent_dim 32, nodes [128, 64]"
    assert rows["weights"] == "123,456"
    assert rows["training.loss"] == "mse"
    assert rows["validation"] == "val_psnr 18.11, val_loss 0.1"
    assert rows["digest of the training's parameters"] == CARD.training_digest
    assert rows["code"] == "0.1.0 0123456"
    assert rows["must not be used for"] == CARD.not_for


def test_the_card_names_the_denoiser_whatever_the_command_was_given() -> None:
    facts = replace(results().facts, parameters={"source": "kmnist", "noise_injection.sigma": 0.2})
    page = parsed(changed(facts=facts))
    header = page.find("header")
    assert isinstance(header, Tag)
    words = header.get_text(" ", strip=True)
    assert "gaussian 0.5" in words
    assert "Images of mnist" in words


@pytest.mark.parametrize("key", ["learning", "distribution", "labels", "robustness"])
def test_what_a_chart_shows_stands_in_a_table(page: BeautifulSoup, key: str) -> None:
    section = part(page, key)
    shown = {cell for row in cells(section) for cell in row}
    charts = [json.loads(tag.get_text()) for tag in section.select(".chart script")]
    assert charts
    for chart in charts:
        for series in chart["series"]:
            assert len(series["values"]) == len(chart["x"])
            values = [value for value in series["values"] if value is not None]
            assert values
            assert {f"{value:.{chart['digits']}f}" for value in values} <= shown
            for low, high in zip(series["low"] or [], series["high"] or [], strict=True):
                assert f"{low:.2f} to {high:.2f}" in shown


def test_bars_count_every_image(page: BeautifulSoup) -> None:
    (script,) = part(page, "distribution").select(".chart script")
    for series in json.loads(script.get_text())["series"]:
        assert sum(series["values"]) == COUNT


def test_the_best_epoch_is_named(page: BeautifulSoup) -> None:
    assert "came with epoch 10 of 12, at 18.11 dB" in part(page, "learning").get_text()


def test_of_training_without_clean_images_the_risk_is_told_and_no_psnr() -> None:
    table = history(3).rename(columns={"psnr": "risk", "val_psnr": "val_risk"})
    shown = part(parsed(changed(history=table)), "learning").get_text(" ", strip=True)
    assert "a risk of 17.111111" in shown
    assert "No clean image was looked at" in shown
    assert "PSNR" not in shown
    assert " dB" not in shown


@pytest.mark.parametrize("others", [0, 1])
def test_scores_of_pages_of_one_stack_are_said_to_tell_little_of_others(others: int) -> None:
    pages = [{"page": page, "shape": [8, 9, 1], "dtype": "uint8"} for page in (1, 2, 3)]
    files: dict[str, Any] = {"cells.tif": {"sha256": "ab" * 32, "pages": pages}}
    files |= {f"{i}.tif": {"sha256": "cd" * 32, "shape": [8, 9, 1]} for i in range(others)}
    manifest = {"source": "cells", "kind": "folder", "channels": None, "files": files}
    page = parsed(changed(source_manifest=manifest))
    said = part(page, "result").get_text(" ", strip=True)
    assert ("All images are pages of cells.tif" in said) is not bool(others)
    assert "3 pages: 8, 9, 1" in part(page, "run").get_text(" ", strip=True)


def pages_of_pairs() -> Results:
    """Return the same photographs as pages of a clean and of a noisy stack."""
    found = photographs()
    names = found.image_metrics["name"].tolist()
    pages = [
        {"page": page, "shape": facts["shape"], "dtype": "uint8"}
        for page, facts in enumerate(found.source_manifest["files"].values(), 1)
    ]
    manifest = {
        **found.source_manifest,
        "kind": "pairs",
        "files": {f"{side}.tif": {"sha256": side, "pages": pages} for side in ("mean", "real")},
        "pairs": {
            name: {"clean": f"mean.tif:{page}", "noisy": f"real.tif:{page}"}
            for page, name in enumerate(names, 1)
        },
    }
    return replace(found, source_manifest=manifest)


@pytest.mark.parametrize("known", [photographs, without_clean, pages_of_pairs])
def test_where_large_images_were_judged_by_their_middles_the_report_says_of_how_many(
    known: Callable[[], Results],
) -> None:
    """Four of six are higher or wider than 240 pixels; none is larger than 300."""
    for side, of in ((None, None), (240, "4 of 6"), (300, None)):
        found = known()
        parameters = {**found.facts.parameters, "preprocessing.test_side": side}
        judged = replace(
            found,
            clean=ImageSet.of(found.clean).middles(side),
            noisy=ImageSet.of(found.noisy).middles(side),
            denoised=ImageSet.of(found.denoised).middles(side),
            facts=replace(found.facts, parameters=parameters),
        )
        page = parsed(judged)
        said = part(page, "result").get_text(" ", strip=True)
        assert (f"Of {of} test images, which are larger, the middle alone was judged" in said) is (
            of is not None
        )
        assert ("the middle alone" in said) is (of is not None)
        shown = part(page, "picture").get_text(" ", strip=True)
        assert ("scores are of the whole" in shown) is (of is None)
        assert ("scores are of what was judged" in shown) is (of is not None)


def test_a_single_epoch_is_a_table_and_no_curve() -> None:
    learning = part(parsed(changed(history=history(1))), "learning")
    assert not learning.select(".chart")
    assert [row[0] for row in cells(learning)] == ["1"]


def test_the_trained_level_is_marked(page: BeautifulSoup) -> None:
    section = part(page, "robustness")
    rows = {row[0]: row for row in cells(section)}
    sweep = results().noise_sweep
    assert len(rows) == len(sweep) == 11
    assert rows["0.5 (trained)"][2] == f"{sweep['psnr'].iloc[5]:.2f}"
    (script,) = section.select(".chart script")
    assert json.loads(script.get_text())["marks"] == [[0.5, "trained for"]]
    assert json.loads(script.get_text())["series"][0]["values"][0] is None  # identical images


def test_levels_are_called_as_the_noise_is_and_without_endless_digits() -> None:
    sweep = results().noise_sweep
    scaled = sweep.assign(level=sweep["level"] * 2 * 75 / 255)
    cameras = changed(card=card(Camera(sigma=75 / 255)), noise_sweep=scaled)
    section = part(parsed(cameras), "robustness")
    text = " ".join(section.get_text(" ").split())
    assert "Trained for camera up to 75/255, the denoiser" in text
    assert "at camera up to 150/255, the highest" in text
    assert "0.294 (trained)" in [row[0] for row in cells(section)]


def test_a_single_level_is_a_table_and_no_curve() -> None:
    """As when a denoiser is trained without noise."""
    alone = results().noise_sweep.query("trained").reset_index(drop=True)
    robustness = part(parsed(changed(noise_sweep=alone)), "robustness")
    assert not robustness.select(".chart")
    assert [row[0] for row in cells(robustness)] == ["0.5 (trained)"]


def test_the_run_can_be_repeated_from_what_is_said(page: BeautifulSoup) -> None:
    section = part(page, "run")
    rows = {row[0]: row[-1] for row in cells(section)}
    assert rows["git commit"] == COMMIT
    assert rows["MLflow run"] == "c0ffee"
    assert rows["test_images"] == "ab" * 32
    assert rows["keras"] == "3.15.1"
    assert results().facts.parameters.keys() <= rows.keys()
    assert rows["training.fresh_noise"] == "true"
    assert rows["ingestion.limit"] == "null"
    code = section.find("code")
    assert code is not None
    assert code.get_text() == f"git checkout {COMMIT}\nkedro run --env=smoke"


@pytest.mark.parametrize("dirty", [True, False])
def test_changes_that_were_not_committed_are_said(dirty: bool) -> None:
    facts = replace(results().facts, dirty=dirty)
    section = part(parsed(changed(facts=facts)), "run")
    assert ("not committed" in section.get_text()) == dirty
    code = section.find("code")
    assert code is not None
    first = shlex.split(code.get_text().splitlines()[0], comments=True)
    assert first == ["git", "checkout", COMMIT]


def test_a_run_that_is_not_tracked_nor_in_git_has_a_report() -> None:
    facts = RunFacts(command="kedro run", version="2026")
    section = part(parsed(changed(facts=facts)), "run")
    rows = {row[0]: row[-1] for row in cells(section)}
    assert rows["MLflow run"] == "not tracked"
    assert rows["git commit"] == "not a git checkout"
    code = section.find("code")
    assert code is not None
    assert code.get_text() == "kedro run"


def test_words_are_escaped_wherever_they_come_from(page: BeautifulSoup) -> None:
    evil = "</script><script>alert('&')</script>"
    card = CARD.model_copy(update={"code": evil, "not_for": evil, "training": {evil: evil}})
    facts = replace(results().facts, command=evil, parameters={evil: evil}, mlflow_run=evil)
    found = parsed(
        changed(
            facts=facts,
            card=card,
            source_manifest={
                "source": evil,
                "kind": "folder",
                "channels": 1,
                "files": {evil: {"shape": [28, 28], "sha256": evil}},
            },
        )
    )
    assert len(found.find_all("script")) == len(page.find_all("script"))
    rows = {row[0]: row[-1] for row in cells(part(found, "run"))}
    assert rows[evil] == evil
    assert {row[-1] for row in cells(part(found, "denoiser"))} >= {evil}
    assert evil in part(found, "denoiser").get_text()


def test_the_usual_report_is_small() -> None:
    assert len(render(results()).encode()) < 200_000


def test_another_section_is_one_function() -> None:
    def more(found: Results) -> Section:
        return Section("more", "More", [Text(f"{len(found.clean)} images")])

    page = BeautifulSoup(render(results(), [*SECTIONS, more]), "html.parser")
    assert part(page, "more").get_text(" ", strip=True) == f"More {COUNT} images"
    assert page.select("nav a")[-1]["href"] == "#more"


def test_without_clean_images_filters_and_the_start_stand_beside_by_the_risk() -> None:
    result = part(parsed(without_clean()), "result")
    text = " ".join(result.get_text(" ", strip=True).split())
    assert "Below photos" in text
    means = [row for row in cells(result) if len(row) == 5]
    names = ["denoised", "photos", "non-local means", "wavelet", "total variation", "noisy"]
    assert [row[0] for row in means] == names
    assert means[4][1::2] == ["0.011250", "-0.001250"]
    assert means[4][4] == "-0.001446 to -0.001054"
    alerts = " ".join(alert.get_text(" ", strip=True) for alert in result.select(".alert"))
    assert "not as low as that of filters" in alerts
    assert "total variation 0.011250, lower by 0.001250 (" in alerts
    assert "wavelet 0." not in alerts
    rows = [row for row in cells(result) if "boats" in row[0]]
    assert len(rows) == 6
    assert rows[0][1:7] == ["0.010000", "0.020000", "0.011000", "0.012000", "0.013000", "0.009000"]


def test_without_clean_images_a_psnr_is_predicted_with_its_interval_or_said_why_not() -> None:
    found = without_clean()
    result = part(parsed(found), "result")
    text = " ".join(result.get_text(" ", strip=True).split())
    assert "No PSNR is predicted for the new denoiser" in text
    assert "photos: predicted PSNR 30.00 dB (28.00 to 31.00), the mean of 5 images" in text
    assert "Nothing measured it" in text
    assert "No PSNR is predicted for photos of images that have hardly any noise." in text
    first, *_, last = [row[-2:] for row in cells(result) if "boats" in row[0]]
    assert (first, last) == (["30.00", "28.00 to 31.00"], [UNKNOWN, UNKNOWN])
    kept = [name for name in map(str, found.image_metrics) if "predicted" not in name]
    bare = replace(
        found,
        image_metrics=found.image_metrics[kept],
        summary={key: value for key, value in found.summary.items() if "predicted" not in key},
    )
    text = part(parsed(bare), "result").get_text(" ", strip=True)
    assert "None for photos, which never learnt to predict one" in text
    assert " dB" not in text


def test_what_training_without_clean_images_assumes_stands_in_the_report() -> None:
    page = parsed(without_clean())
    result, denoiser = part(page, "result"), part(page, "denoiser")
    caveat = "The noise of 3 of 9 images is cut off at black or white."
    assert caveat in [alert.get_text(strip=True) for alert in result.select(".alert")]
    assert "assumes independent noise" in result.get_text(" ")
    rows = {row[0]: row[-1] for row in cells(denoiser)}
    assert "assumes independent noise" in rows["assumption"]
    assert rows["what the images say against it"] == caveat
