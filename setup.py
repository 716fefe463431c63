# SPDX-License-Identifier: Apache-2.0
"""The package, for pip and for colcon (ament_python)."""

from pathlib import Path

from setuptools import find_packages, setup

PACKAGE = "unified_agent"
NODES = ("mujoco_bridge", "captioner", "planner", "policy", "recorder", "reward", "replay", "agent")


def shared(*folders: str) -> list[tuple[str, list[str]]]:
    """Every file under the folders, as data files at the same place under ``share/unified_agent``."""
    files = [path for folder in folders for path in sorted(Path(folder).rglob("*")) if path.is_file()]
    files = [path for path in files if "__pycache__" not in path.parts]
    return [(f"share/{PACKAGE}/{path.parent.as_posix()}", [path.as_posix()]) for path in files]


def package_version() -> str:
    """``__version__`` of the package, read without importing it."""
    source = Path("src", PACKAGE, "__init__.py").read_text()
    return source.split('__version__ = "')[1].split('"')[0]


setup(
    name=PACKAGE,
    version=package_version(),
    description="A language-centred agent for robot arms: CLIP, a language model and a transformer policy on ROS 2",
    license="Apache-2.0",
    url="https://unified-agent.example",
    maintainer="unified_agent maintainers",
    maintainer_email="maintainers@unified-agent.example",
    package_dir={"": "src"},
    packages=find_packages("src"),
    package_data={PACKAGE: ["models/**/*"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (f"share/{PACKAGE}", ["package.xml"]),
        *shared("launch", "config", "urdf"),
    ],
    zip_safe=False,
    python_requires=">=3.10,<3.13",
    install_requires=[
        "av>=14",
        "gguf>=0.17",
        "gymnasium>=1.0",
        "huggingface_hub>=1.3",
        "lz4>=4.4",
        "matplotlib>=3.9",
        "mcap>=1.2",
        "mujoco>=3.17,<5",
        "numpy>=1.26",
        "open_clip_torch>=3.0",
        "opencv-python-headless>=4.8",
        "peft>=0.18",
        "pillow>=10",
        "pyarrow>=15",
        "PyYAML>=6",
        "rosbags>=0.10",
        "safetensors>=0.5",
        "tensorboardX>=2.6",
        "torch>=2.6",
        "torchvision>=0.21",
        "tqdm>=4.60",
        "transformers>=5.3",
        "zstandard>=0.22",
    ],
    extras_require={
        "baselines": ["gymnasium[classic-control]>=1.0", "stable-baselines3>=2.7"],
        "cluster": ["ray>=2.40"],
        # In an environment of its own, without constraints.txt: it wants other versions of torch, av and packaging.
        "lerobot": ["lerobot[dataset]>=0.6.1,<0.7; python_version >= '3.12'"],
        "rerun": ["rerun-sdk>=0.30"],
        "ros": [
            "ros-kilted-common-interfaces",
            "ros-kilted-rclpy",
            "ros-kilted-rmw-fastrtps-cpp",
        ],
        "test": ["pytest>=8", "pytest-timeout>=2.3", "ruff>=0.9"],
    },
    entry_points={
        "console_scripts": [
            "unified-agent = unified_agent.cli:main",
            *(f"{node} = {PACKAGE}.nodes.{node}:main" for node in NODES),
        ],
        "gymnasium.envs": [f"__root__ = {PACKAGE}.sim:register"],
    },
)
