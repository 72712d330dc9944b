// A snapshot as JSON, for the store and for `--json`: resources/schemas/device-v1.schema.json.
#pragma once

#include "devices/core/device.h"

#include <QJsonObject>

namespace sealift {

QJsonObject deviceToJson(const DeviceSnapshot& device);
// Reads what deviceToJson wrote; unknown fields are passed over, missing ones stay unknown.
DeviceSnapshot deviceFromJson(const QJsonObject& json);

}  // namespace sealift
