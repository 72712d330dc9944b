// The values of the services as JSON: the shapes in resources/schemas/.
#pragma once

#include "app/services/views.h"

#include <QJsonObject>

namespace sealift {

QJsonObject toJson(const DeviceView& device);  // device-v1.schema.json
QJsonObject toJson(const FoundView& found);    // discovery-v1.schema.json
QJsonObject toJson(const JobView& job);
QJsonObject toJson(const QueueView& queue);        // job-v1.schema.json
QJsonObject toJson(const BundleImport& imported);  // bundle-import-v1.schema.json
QJsonObject toJson(const VendorView& vendor);      // vendor-v1.schema.json
QJsonObject toJson(const AuditRow& row);           // audit-entry-v1.schema.json
QJsonObject toJson(const ReleaseRuleView& rule);   // release-rules-v1.schema.json
QJsonObject toJson(const AlertView& alert);        // station-status-v1.schema.json
QJsonObject toJson(const OperatorView& account);   // operators-v1.schema.json
QJsonObject toJson(const Error& error);

}  // namespace sealift
