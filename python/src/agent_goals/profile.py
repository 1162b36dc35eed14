"""The warehouse that dbt would use: the same project, profile and target, found by the same rules.

dbt itself takes seconds to import, so its rules are followed here instead; a test compares the two.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import jinja2.nativetypes
import yaml

from agent_goals.contract import RECORD_TYPES
from agent_goals.errors import ProfileError

RAW_SCHEMA_VAR = "agent_goals__raw_schema"
RAW_SCHEMA_DEFAULT = "agent_goals_raw"

#: The custom schema of the layers below the marts, in ``dbt_project.yml``.
STAGING_SCHEMA = "agent_goals_staging"

#: That of the seeds.
SEEDS_SCHEMA = "agent_goals_seeds"

#: The package's own name: its vars may stand under it in a project's ``vars:``.
PACKAGE = "agent_goals"


@dataclass(frozen=True)
class Target:
    """One target of a dbt profile, rendered.

    Attributes:
        profile: the profile's name.
        name: the target's name.
        config: the target's settings as dbt would see them.
        project_dir: the folder of ``dbt_project.yml``.
        raw_schema: the schema of the raw tables.
        raw_tables: the raw tables' names by the contract's table name.
    """

    profile: str
    name: str
    config: Mapping[str, Any]
    project_dir: Path
    raw_schema: str
    raw_tables: Mapping[str, str]

    @property
    def type(self) -> str:
        """The adapter's type, e.g. ``duckdb``."""
        return str(self.config["type"])

    @property
    def schema(self) -> str:
        """The schema that dbt builds the marts in."""
        return str(self.config.get("schema") or "main")

    @property
    def staging_schema(self) -> str:
        """The schema that dbt builds the layers below the marts in."""
        return f"{self.schema}_{STAGING_SCHEMA}"


def find_target(
    *,
    project_dir: str | None = None,
    profiles_dir: str | None = None,
    profile: str | None = None,
    target: str | None = None,
    raw_schema: str | None = None,
) -> Target:
    """Find and render the target that ``dbt build`` would use here.

    Args:
        project_dir: the folder of ``dbt_project.yml``; else ``DBT_PROJECT_DIR``, else the nearest one upwards.
        profiles_dir: the folder of ``profiles.yml``; else ``DBT_PROFILES_DIR``, else the current folder, else ``~/.dbt``.
        profile: the profile's name; else ``DBT_PROFILE``, else the project's.
        target: the target's name; else ``DBT_TARGET``, else the profile's.
        raw_schema: the raw tables' schema; else the project's var ``agent_goals__raw_schema``.

    Raises:
        ProfileError: when any of them is missing or cannot be read.
    """
    project_path = _find_project(project_dir or os.environ.get("DBT_PROJECT_DIR"))
    project = _read_yaml(project_path)
    profiles_path = _find_profiles(profiles_dir or os.environ.get("DBT_PROFILES_DIR"), project_path.parent)
    profiles = _read_yaml(profiles_path)
    variables = _project_vars(project)

    wanted = profile or os.environ.get("DBT_PROFILE") or project.get("profile")
    if not wanted:
        raise ProfileError(f"{project_path} names no profile: add `profile: <name>` to it, or use --profile.")
    profile_name = str(_render(wanted, "profile", project_path, variables))
    if profile_name not in profiles:
        found = ", ".join(sorted(name for name in profiles if name != "config")) or "none"
        raise ProfileError(f"profile {profile_name!r} is not in {profiles_path} (found there: {found}).")
    body = profiles[profile_name] or {}
    outputs = body.get("outputs") or {}

    chosen = target or os.environ.get("DBT_TARGET") or body.get("target") or "default"
    target_name = str(_render(chosen, f"{profile_name}.target", profiles_path, variables))
    if target_name not in outputs:
        found = ", ".join(sorted(outputs)) or "none"
        raise ProfileError(
            f"profile {profile_name!r} in {profiles_path} has no target {target_name!r} (it has: {found}). Use --target."
        )
    config = _render(outputs[target_name], f"{profile_name}.outputs.{target_name}", profiles_path, variables)
    if not isinstance(config, dict) or not config.get("type"):
        raise ProfileError(f"target {target_name!r} of profile {profile_name!r} in {profiles_path} has no `type`.")

    def project_var(name: str, default: str) -> str:
        return str(_render(variables.get(name) or default, name, project_path, variables))

    return Target(
        profile=profile_name,
        name=target_name,
        config=config,
        project_dir=project_path.parent,
        raw_schema=raw_schema or project_var(RAW_SCHEMA_VAR, RAW_SCHEMA_DEFAULT),
        raw_tables={
            record.table: project_var(f"agent_goals__{record.table}_table", record.table) for record in RECORD_TYPES.values()
        },
    )


def _find_project(given: str | None) -> Path:
    if given:
        path = Path(given).expanduser().resolve() / "dbt_project.yml"
        if not path.is_file():
            raise ProfileError(f"there is no dbt_project.yml in {path.parent}: name the dbt project's folder with --project-dir.")
        return path
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "dbt_project.yml").is_file():
            return folder / "dbt_project.yml"
    raise ProfileError(
        f"there is no dbt_project.yml in {here} or above it: run this in the dbt project's folder, or name it with --project-dir."
    )


def _find_profiles(given: str | None, project_dir: Path) -> Path:
    # dbt looks in the folder it runs in. Run from inside a project that is the project's own folder more often
    # than not, so a subfolder without a profiles.yml of its own falls back to it before ~/.dbt.
    folders = [Path(given).expanduser()] if given else [Path.cwd(), project_dir, Path.home() / ".dbt"]
    for folder in folders:
        if (folder / "profiles.yml").is_file():
            return (folder / "profiles.yml").resolve()
    looked = ", ".join(str(folder) for folder in dict.fromkeys(folders))
    raise ProfileError(f"there is no profiles.yml in {looked}: name its folder with --profiles-dir or DBT_PROFILES_DIR.")


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ProfileError(f"{path} cannot be read as YAML: {error}") from error
    if not isinstance(content, dict):
        raise ProfileError(f"{path} is not a YAML mapping.")
    return content


def _project_vars(project: Mapping[str, Any]) -> dict[str, Any]:
    """The project's vars, those under its own and the package's name included, as dbt lets them be written."""
    variables = dict(project.get("vars") or {})
    scoped: dict[str, Any] = {}
    for name in (PACKAGE, project.get("name")):
        scope = variables.get(name)
        if isinstance(scope, dict):
            scoped.update(scope)
    return {**variables, **scoped}


def _as_bool(value: Any) -> bool:
    if str(value).strip().lower() not in ("true", "false"):
        raise ValueError(f"{value!r} is not a boolean")
    return str(value).strip().lower() == "true"


def _as_number(value: Any) -> int | float:
    text = str(value).strip()
    try:
        return int(text)
    except ValueError:
        return float(text)


def _env_var(name: str, default: Any = None) -> Any:
    value = os.environ.get(name, default)
    if value is None:
        raise ProfileError(f"the environment variable {name} is not set and has no default")
    return value


def _render(value: Any, where: str, path: Path, variables: Mapping[str, Any]) -> Any:
    """Render every Jinja string in a YAML value; numbers and booleans come of dbt's ``as_*`` filters only."""
    if isinstance(value, dict):
        return {key: _render(item, f"{where}.{key}", path, variables) for key, item in value.items()}
    if isinstance(value, list):
        return [_render(item, f"{where}[{index}]", path, variables) for index, item in enumerate(value)]
    if not isinstance(value, str) or ("{{" not in value and "{%" not in value and "{#" not in value):
        return value

    def var(name: str, default: Any = None) -> Any:
        found = variables.get(name, default)
        if found is None:
            raise ProfileError(f"the var {name!r} is not in dbt_project.yml and has no default")
        return found

    converted: list[Any] = []

    def keep(convert: Any) -> Any:
        def convert_and_keep(item: Any) -> Any:
            converted.append(convert(item))
            return converted[-1]

        return convert_and_keep

    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)
    environment.filters.update(
        as_number=keep(_as_number),
        as_bool=keep(_as_bool),
        as_native=keep(lambda item: yaml.safe_load(str(item))),
        as_text=str,
    )
    try:
        text = environment.from_string(value).render(env_var=_env_var, var=var)
    except (jinja2.TemplateError, ValueError, ProfileError) as error:
        raise ProfileError(f"{path}, {where}: {error}.") from error
    # A filter's own value stands when it is all there is to the text.
    return converted[-1] if converted and str(converted[-1]) == text else text
