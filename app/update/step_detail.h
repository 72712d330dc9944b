// A step's result as the journal keeps it.
#pragma once

#include "app/base/result.h"
#include "devices/core/driver.h"

#include <QJsonObject>

namespace sealift {

QJsonObject toDetail(const Status& status);
QJsonObject toDetail(const Result<DeviceSnapshot>& result);
QJsonObject toDetail(const Result<StoredProof>& result);
QJsonObject toDetail(const Result<IdentityProof>& result);

}  // namespace sealift
