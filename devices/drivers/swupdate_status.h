// What a device with SWUpdate says of itself in the document that its model names.
#pragma once

#include "devices/core/device.h"
#include "devices/drivers/swupdate_settings.h"

#include <QByteArray>
#include <QString>

#include <optional>

namespace sealift {

struct SwupdateStatus {
  Version version;
  QString name;
  QString serial;
  QString revision;
  QString slot;
  QByteArray digest;  // raw; empty where it isn't told, as the next
  QByteArray writtenDigest;
  std::optional<Version> writtenVersion;
  bool confirmed = true;
  QString boot;

  // Errors: DeviceNotRecognised, naming the member that is missing or of another shape.
  static Result<SwupdateStatus> parse(const QByteArray& document, const SwupdateSettings& settings);
  DeviceSnapshot toSnapshot() const;
};

}  // namespace sealift
