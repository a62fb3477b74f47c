"""The configuration: one TOML file to typed, frozen settings, with every problem at once. Import names from here."""

from broadcaster.config.announcing import RoutineSettings, SchoolSettings
from broadcaster.config.canary import CanarySettings, web_place
from broadcaster.config.reading import load_city, load_config, load_core
from broadcaster.config.settings import (
    ChannelConfig,
    CitySettings,
    Config,
    Core,
    DrillSettings,
    LaneTable,
    LoggingSettings,
    OfficersSettings,
    PageServerSettings,
    RulesSettings,
)

__all__ = [
    "CanarySettings",
    "ChannelConfig",
    "CitySettings",
    "Config",
    "Core",
    "DrillSettings",
    "LaneTable",
    "LoggingSettings",
    "OfficersSettings",
    "PageServerSettings",
    "RoutineSettings",
    "RulesSettings",
    "SchoolSettings",
    "load_city",
    "load_config",
    "load_core",
    "web_place",
]
