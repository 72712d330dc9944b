// Group and command numbers that the clients use (mcumgr_group_t and the groups' command tables).
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

// Sealift's own group (README.md, "Identity group"); numbers from MGMT_GROUP_ID_PERUSER (64) on are everyone's.
inline constexpr std::uint16_t kIdentityGroup = 0x5345;
inline constexpr std::uint8_t kIdentityState = 0;
inline constexpr std::uint8_t kIdentityCertificate = 1;
inline constexpr std::uint8_t kIdentityKey = 2;
inline constexpr std::uint8_t kIdentityRequest = 3;
inline constexpr std::uint8_t kIdentityProof = 4;
inline constexpr std::uint8_t kIdentitySecureBoot = 5;
inline constexpr std::uint8_t kIdentityCounter = 6;
inline constexpr std::uint8_t kIdentityLock = 7;
inline constexpr std::uint8_t kIdentityWipe = 8;

}  // namespace sealift::smp
