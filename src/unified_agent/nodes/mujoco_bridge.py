# SPDX-License-Identifier: Apache-2.0
"""The bridge node: the MuJoCo world behind the topics that a real arm and its cameras would offer."""

import os
import time

import numpy as np
from builtin_interfaces.msg import Time
from rclpy.executors import SingleThreadedExecutor
from rclpy.serialization import deserialize_message
from rclpy.subscription import MessageInfo
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, JointState
from std_msgs.msg import Header
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory

from unified_agent.errors import UserError
from unified_agent.language.subgoals import VOCABULARY
from unified_agent.nodes import messages, qos, shell
from unified_agent.nodes.commander import Commander
from unified_agent.nodes.description import Description
from unified_agent.nodes.lives import Watched
from unified_agent.nodes.parameters import Spec, Value
from unified_agent.robot.arm import Arm
from unified_agent.robot.guard import MOST_POINTS
from unified_agent.sim import scene, tasks
from unified_agent.sim.world import World

# Behind the wall clock by more than this (seconds), lost time is not caught up with.
LAG = 0.5
VIEWER_PERIOD = 1 / 30


class MujocoBridge(shell.AgentNode):
    """Steps the world, publishes what is measured, follows the trajectories that come.

    Everything happens in one thread: callbacks are served between two physics bursts, so that the world never changes
    under a rendering, and the OpenGL context stays in the thread that it belongs to.
    """

    SENDS_IMAGES = True
    PARAMETERS = (
        Spec("arm", "default", "Name of the arm (config/arms/) or path of its YAML file."),
        Spec("task", "", "Task whose start every reset sets up; empty: all objects apart on the table.", live=True),
        Spec("seed", 0, "Of the next start; every further reset adds one.", low=0, live=True),
        Spec("randomise", False, "Vary lights, cameras and colours at every reset."),
        Spec("speed", 1.0, "Simulated seconds a wall second; 0: as fast as possible.", low=0.0, high=1000.0, live=True),
        Spec("camera_width", 128, "Width of the images, pixels.", low=1, high=scene.LARGEST_IMAGE[1]),
        Spec("camera_height", 128, "Height of the images, pixels.", low=1, high=scene.LARGEST_IMAGE[0]),
        Spec("camera_rate", 10.0, "Images a simulated second, of each camera.", low=0.1, high=60.0),
        Spec("state_rate", 50.0, "Joint states, objects and clock a simulated second.", low=10.0, high=250.0),
        Spec("headless", True, "False opens MuJoCo's viewer."),
    )

    def __init__(self, **options):
        super().__init__("mujoco_bridge", **options)
        settings = self.settings
        self._arm = Arm.load(settings["arm"])
        self._task = _task(settings["task"])
        self._seed, self._resets, self._speed = settings["seed"], 0, settings["speed"]
        size = (settings["camera_height"], settings["camera_width"])
        self.world = World(self._arm, camera_size=size, randomise=settings["randomise"], seed=self._seed)
        self._viewer = None if settings["headless"] else _open_viewer(self.world)
        self._steps = max(1, round(1 / (settings["state_rate"] * self.world.timestep)))
        self._frame_period = 1 / settings["camera_rate"]
        # The clock never goes back: the world's time starts again at every reset.
        self._offset = self._steps * self.world.timestep
        self._next_frame = self._next_view = 0.0
        self._accepted = self._refused = self._frames = 0
        self._measured = (time.monotonic(), self.now)
        self._factor = 0.0
        # Room for MOST_POINTS points with positions, velocities and accelerations.
        self._longest = MOST_POINTS * (48 + 24 * len(self._arm.joints))

        self._time = self.offer(qos.CLOCK_TOPIC)
        self._joint_states = self.offer(qos.JOINT_STATES)
        self._objects = self.offer(qos.OBJECTS)
        self._images = {camera: self.offer(qos.image(camera)) for camera in self.world.cameras}
        self._infos = {camera: self.offer(qos.camera_info(camera)) for camera in self.world.cameras}
        self._description = Description(self, self._arm.urdf)
        # Raw, so that a message of any length is judged before it is unpacked.
        self._commanders = {}
        for topic, command in (
            (self._arm.arm_topic, self.world.command_arm),
            (self._arm.gripper_topic, self.world.command_gripper),
        ):
            self._commanders[topic] = Commander(self, topic)
            self.listen(qos.trajectory(topic), self._follower(topic, command), raw=True)
        self.create_service(Trigger, "~/reset", self._on_reset)
        self.create_service(Trigger, "~/stop", self._on_stop)
        self.create_service(Trigger, "~/resume", self._on_resume)
        self._reset()
        self._policy = Watched(self, "policy", gone=self._on_policy_gone)
        self.report(shell.OK, "running")

    @property
    def now(self) -> float:
        """Simulated time as published on /clock, seconds."""
        return self._offset + self.world.time

    def stamp(self) -> Time:
        """Simulated time: what every other node reads from /clock."""
        return messages.stamp(self.now)

    def figures(self) -> dict[str, object]:
        """The real-time factor, and which sentences of the vocabulary are true by MuJoCo's own poses."""
        wall, simulated = time.monotonic(), self.now
        if wall - self._measured[0] >= shell.REPORT_PERIOD / 2:
            self._factor = (simulated - self._measured[1]) / (wall - self._measured[0])
            self._measured = (wall, simulated)
        true = [goal.sentence for goal in VOCABULARY if self.world.holds(goal)]
        return {
            "real-time factor": f"{self._factor:.2f}",
            "time": f"{simulated:.3f}",
            "frames": self._frames,
            "accepted": self._accepted,
            "refused": self._refused,
            "stopped": self.world.guard.latched,
            "start": self._seed + self._resets,
            "true": "\n".join(true),
        }

    def changed(self, name: str, value: Value) -> None:
        """Speed from now on; task and seed from the next reset on."""
        if name == "speed":
            self._speed = value
        elif name == "seed":
            # The reset that follows starts from this very seed.
            self._seed, self._resets = value, -1
        elif name == "task":
            self._task = _task(value)

    def close(self) -> None:
        """Free the renderer and the viewer."""
        if self._viewer is not None:
            self._viewer.close()
        self.world.close()

    def spin(self) -> None:
        """Step, publish, serve callbacks, at the speed asked for, until shut down."""
        executor = SingleThreadedExecutor(context=self.context)
        executor.add_node(self)
        due = time.monotonic()
        try:
            while self.context.ok():
                self.tick()
                due = self._next_due(due)
                executor.spin_once(timeout_sec=max(0.0, due - time.monotonic()))
                while time.monotonic() < due:
                    executor.spin_once(timeout_sec=max(0.0, due - time.monotonic()))
        finally:
            executor.remove_node(self)

    def tick(self) -> None:
        """Advance by one state period and publish what is due."""
        self.world.step(self._steps)
        if self.world.guard.latched:
            self.report(shell.WARN, f"stopped, until ~/resume: {self.world.guard.latched}")
        now = self.stamp()
        self._time.publish(Clock(clock=now))
        self._publish_state(now)
        if self.now >= self._next_frame:
            self._next_frame = max(self._next_frame + self._frame_period, self.now)
            self._publish_frames(now)
        if self._viewer is not None and time.monotonic() >= self._next_view:
            self._next_view = time.monotonic() + VIEWER_PERIOD
            self._viewer.sync()

    def _next_due(self, due: float) -> float:
        """Wall time (monotonic) of the next tick."""
        now = time.monotonic()
        if self._speed == 0.0:
            return now
        due += self._steps * self.world.timestep / self._speed
        return due if now - due < LAG else now

    def _publish_state(self, now) -> None:
        names, positions, velocities, efforts = self.world.joint_state()
        header = Header(stamp=now, frame_id=qos.BASE_FRAME)
        state = JointState(header=header, name=list(names))
        state.position, state.velocity, state.effort = positions.tolist(), velocities.tolist(), efforts.tolist()
        self._joint_states.publish(state)
        poses = {name: self.world.object_pose(name) for name in self.world.objects}
        self._objects.publish(messages.markers(poses, scene.OBJECT_SIZE, scene.COLOURS, now))

    def _publish_frames(self, now) -> None:
        for camera in self.world.cameras:
            frame = qos.optical_frame(camera)
            self._images[camera].publish(messages.image_message(self.world.render(camera), now, frame))
            self._infos[camera].publish(self._camera_info(camera, Header(stamp=now, frame_id=frame)))
        self._frames += 1

    def _camera_info(self, camera: str, header: Header) -> CameraInfo:
        info = self.world.camera_info(camera)
        message = CameraInfo(header=header, height=info.size[0], width=info.size[1], distortion_model="plumb_bob")
        message.d = [0.0] * 5
        message.k = info.matrix.ravel().tolist()
        message.r = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
        message.p = [*info.matrix[0], 0.0, *info.matrix[1], 0.0, *info.matrix[2], 0.0]
        return message

    def _follower(self, topic: str, command):
        """What is done with a message, as bytes, of a command topic."""

        def follow(data: bytes, info: MessageInfo) -> None:
            try:
                self._commanders[topic].admit(info)
                if len(data) > self._longest:
                    raise UserError(f"a message has at most {self._longest} bytes, not {len(data)}: send it in parts.")
                message = deserialize_message(data, JointTrajectory)
                stamp = messages.seconds(message.header.stamp)
                command(messages.trajectory_of(message), stamp - self._offset if stamp else None)
            except UserError as error:
                self._refused += 1
                self.report(shell.WARN, f"trajectory refused, the one before goes on: {error}")
                return
            self._accepted += 1
            self.report(shell.OK, "running")

        return follow

    def _on_stop(self, request, response):
        self.world.guard.stop(self.world.time, "stopped by ~/stop")
        self.report(shell.WARN, f"stopped, until ~/resume: {self.world.guard.latched}")
        response.success, response.message = True, "arm and gripper come to rest, and rest until ~/resume"
        return response

    def _on_resume(self, request, response):
        latched = self.world.guard.latched
        self.world.release()
        response.success, response.message = (
            bool(latched),
            f"resumed after: {latched}" if latched else "it was not stopped",
        )
        self.report(shell.OK, "running")
        return response

    def _on_policy_gone(self) -> None:
        """Nobody is left who could stop what was begun."""
        self.world.hold()
        self.report(shell.WARN, "the policy has gone: the arm holds")

    def _on_reset(self, request, response):
        self._resets += 1
        self._reset()
        response.success = True
        response.message = f"start {self._seed + self._resets}"
        self.publish_diagnostics()
        return response

    def _reset(self) -> None:
        self._offset = self.now
        seed = self._seed + self._resets
        layout = self._task and self._task.layout(np.random.default_rng(seed), self.world.objects)
        stopped = self.world.guard.latched
        self.world.reset(seed=seed, layout=layout)
        if stopped:
            self.world.guard.stop(self.world.time, stopped)
        infos = {camera: self.world.camera_info(camera) for camera in self.world.cameras}
        self._description.place({name: (info.position, info.rotation) for name, info in infos.items()}, self.stamp())


def _task(name: str) -> tasks.Task | None:
    return tasks.get(name) if name else None


def _open_viewer(world: World):
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise UserError("headless:=false needs a display, and neither DISPLAY nor WAYLAND_DISPLAY is set.")
    from mujoco import viewer

    return viewer.launch_passive(world.model, world.data)


def main() -> None:
    """The program ``mujoco_bridge``."""
    shell.program("mujoco_bridge", MujocoBridge)


if __name__ == "__main__":
    main()
