// Group and command numbers that the client uses (mcumgr_group_t and the groups' command tables).
#pragma once

#include <cstdint>

namespace sealift::smp {

inline constexpr std::uint16_t kOsGroup = 0;
inline constexpr std::uint8_t kEcho = 0;
inline constexpr std::uint8_t kReset = 5;
inline constexpr std::uint8_t kParameters = 6;
inline constexpr std::uint8_t kApplicationInfo = 7;
inline constexpr std::uint8_t kBootloaderInfo = 8;

inline constexpr std::uint16_t kImageGroup = 1;
inline constexpr std::uint8_t kImageState = 0;
inline constexpr std::uint8_t kImageUpload = 1;
inline constexpr std::uint8_t kImageErase = 5;
inline constexpr std::uint8_t kSlotInfo = 6;

inline constexpr std::uint16_t kSettingsGroup = 3;
inline constexpr std::uint8_t kSetting = 0;

}  // namespace sealift::smp
