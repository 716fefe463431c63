# SPDX-License-Identifier: Apache-2.0
"""Types of pictures outside ROS 2's common interfaces; SQLite bags before Iron hold no definitions."""

DEFINITIONS = {
    "foxglove_msgs/msg/CompressedVideo": """
builtin_interfaces/Time timestamp
string frame_id
uint8[] data
string format
""",
    "foxglove_msgs/msg/CompressedImage": """
builtin_interfaces/Time timestamp
string frame_id
uint8[] data
string format
""",
    "foxglove_msgs/msg/RawImage": """
builtin_interfaces/Time timestamp
string frame_id
uint32 width
uint32 height
string encoding
uint32 step
uint8[] data
""",
    "ffmpeg_image_transport_msgs/msg/FFMPEGPacket": """
std_msgs/Header header
int32 width
int32 height
string encoding
uint64 pts
uint8 flags
bool is_bigendian
uint8[] data
""",
    "theora_image_transport/msg/Packet": """
std_msgs/Header header
uint8[] data
int32 b_o_s
int32 e_o_s
int64 granulepos
int64 packetno
""",
}
