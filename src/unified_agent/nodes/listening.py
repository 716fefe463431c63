# SPDX-License-Identifier: Apache-2.0
"""Subscriptions that fit what is offered: cameras and many joint states are best effort, and match no other kind."""

from collections.abc import Callable

from rclpy.event_handler import SubscriptionEventCallbacks, UnsupportedEventTypeError
from rclpy.exceptions import ParameterException
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSPolicyKind, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions

from unified_agent.nodes.parameters import QOS_OVERRIDES, BadParameter

# What a user's `qos_overrides` may set.
_POLICIES = (QoSPolicyKind.HISTORY, QoSPolicyKind.DEPTH, QoSPolicyKind.RELIABILITY, QoSPolicyKind.DURABILITY)
# Policies in which a subscription can ask for more than a publisher offers, and the least that it can ask for.
_LEAST = {
    QoSPolicyKind.RELIABILITY: ReliabilityPolicy.BEST_EFFORT,
    QoSPolicyKind.DURABILITY: DurabilityPolicy.VOLATILE,
}


def overridable() -> QoSOverridingOptions:
    """That users may set a topic's quality of service: ``qos_overrides.<topic>.subscription.reliability`` and so on."""
    return QoSOverridingOptions(_POLICIES)


def overridden(node: Node, topic: str, create: Callable):
    """What ``create`` makes for a topic, where `overridable` is among its options.

    Raises:
        BadParameter: an override with a value that cannot be.
    """
    try:
        return create()
    except (ParameterException, RuntimeError, TypeError, ValueError) as error:
        full = node.resolve_topic_name(topic)
        if any(name.startswith(f"{QOS_OVERRIDES}{full}.") for name in node._parameter_overrides):
            raise BadParameter(f"The {QOS_OVERRIDES}{full} parameters cannot be followed: {error}") from None
        raise


def copied(profile: QoSProfile) -> QoSProfile:
    """The same profile as another object: overrides are written into the one that is given."""
    return QoSProfile(**{name.removeprefix("_"): getattr(profile, name) for name in QoSProfile.__slots__})


class Listening:
    """A subscription that asks for what a profile says and, from a publisher that offers less, for that.

    A publisher that does not fit is noticed when it is discovered, so that little of what it says is missed; when all
    that are left offer as much as the profile asks for, `fit` goes back to it. What the user's ``qos_overrides`` set
    for the topic stays as it is.

    Args:
        node: that listens.
        kind: type of the messages.
        topic: name of the topic.
        callback: called with every message.
        profile: asked for at first.
        raw: whether the callback gets bytes.

    Attributes:
        lost: messages so far of which the middleware knows that they were sent and never came.
    """

    def __init__(
        self, node: Node, kind: type, topic: str, callback: Callable, profile: QoSProfile, raw: bool = False
    ) -> None:
        self.lost = 0
        self._node, self._kind, self._topic, self._callback, self._raw = node, kind, topic, callback, raw
        self._reduced: set[QoSPolicyKind] = set()
        self._to_reduce: set[QoSPolicyKind] = set()
        self._profile = copied(profile)
        # In the executor's next round: a subscription is not replaced in the midst of its own event.
        self._guard = node.create_guard_condition(self._reduce)
        self._subscription = overridden(
            node, topic, lambda: self._subscribe(self._profile, qos_overriding_options=overridable())
        )
        prefix = f"{QOS_OVERRIDES}{node.resolve_topic_name(topic)}.subscription."
        self._fixed = {policy for policy in _LEAST if prefix + policy.name.lower() in node._parameter_overrides}

    @property
    def topic(self) -> str:
        """The topic's name in full."""
        return self._subscription.topic_name

    @property
    def best_effort(self) -> bool:
        """Whether messages may be lost on the way."""
        return self._asked().reliability == ReliabilityPolicy.BEST_EFFORT

    def fit(self) -> None:
        """Ask for the whole profile again where all publishers that are left offer it."""
        if not self._reduced:
            return
        offered = [info.qos_profile for info in self._node.get_publishers_info_by_topic(self.topic)]
        back = {policy for policy in self._reduced if not any(_offers_least(one, policy) for one in offered)}
        if offered and back:
            self._reduced -= back
            self._replace()

    def destroy(self) -> None:
        """Listen no longer."""
        self._node.destroy_guard_condition(self._guard)
        self._node.destroy_subscription(self._subscription)

    def _on_mismatch(self, event) -> None:
        policy = QoSPolicyKind(event.last_policy_kind)
        if policy in _LEAST and policy not in self._fixed | self._reduced:
            self._to_reduce.add(policy)
            self._guard.trigger()
            return
        self._node.get_logger().warning(
            f"A publisher of {self.topic} offers another {policy.name.lower()} than is asked for: it is not heard."
        )

    def _on_loss(self, event) -> None:
        self.lost += event.total_count_change

    def _reduce(self) -> None:
        wanted, self._to_reduce = self._to_reduce, set()
        if wanted - self._reduced:
            self._reduced |= wanted
            self._replace()
            names = " and ".join(_LEAST[policy].name.lower().replace("_", " ") for policy in wanted)
            self._node.get_logger().info(f"{self.topic} is offered as {names}: listening to it so")

    def _asked(self) -> QoSProfile:
        profile = copied(self._profile)
        for policy in self._reduced:
            setattr(profile, policy.name.lower(), _LEAST[policy])
        return profile

    def _replace(self) -> None:
        old = self._subscription
        self._subscription = self._subscribe(self._asked())
        self._node.destroy_subscription(old)

    def _subscribe(self, profile: QoSProfile, **options):
        def subscribe(**events):
            callbacks = SubscriptionEventCallbacks(incompatible_qos=self._on_mismatch, **events)
            return self._node.create_subscription(
                self._kind, self._topic, self._callback, profile, raw=self._raw, event_callbacks=callbacks, **options
            )

        try:
            return subscribe(message_lost=self._on_loss)
        except UnsupportedEventTypeError:  # not every middleware counts losses
            return subscribe()


def _offers_least(offered: QoSProfile, policy: QoSPolicyKind) -> bool:
    return getattr(offered, policy.name.lower()) == _LEAST[policy]
