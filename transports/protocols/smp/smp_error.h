// A device's refusal in both of SMP's forms, and the protocol's own words for it.
// Source: Zephyr, "SMP Protocol Specification", section "Minimal response"; mcumgr_err_t,
// os_mgmt_err_code_t, img_mgmt_err_code_t, settings_mgmt_ret_code_t.
#pragma once

#include "app/base/result.h"

#include <QCborMap>
#include <QString>

#include <cstdint>
#include <optional>

namespace sealift {

enum class SmpStatus : std::int64_t {  // mcumgr_err_t, as far as the client acts on it
  Unknown = 1,
  NoMemory = 2,
  NoEntry = 5,
  NotSupported = 8,
  Busy = 10,
  TooOld = 12,
  TooNew = 13,
};

struct SmpRefusal {
  std::optional<std::uint16_t> group;  // set: "err" of version 2, `code` is that group's own; unset: "rc", mcumgr_err_t
  std::int64_t code = 0;
  QString reason;  // "rsn", what some devices add in words; at most 200 characters

  bool is(SmpStatus status) const { return !group && code == static_cast<std::int64_t>(status); }
  QString text() const;  // e.g. "no free slot to place the image (IMG_MGMT_ERR_NO_FREE_SLOT)"
};

// The refusal that a body tells; nothing when the request was carried out ("rc" 0 and absence mean the same).
std::optional<SmpRefusal> smpRefusal(const QCborMap& body);

// ProtocolRefused (NotSupported for MGMT_ERR_ENOTSUP): "The device refused 'image upload': …".
Error smpRefusalError(const SmpRefusal& refusal, const QString& request);

}  // namespace sealift
