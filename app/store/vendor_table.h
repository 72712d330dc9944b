// Vendors that were added, each with the root of trust that was confirmed.
#pragma once

#include "app/base/result.h"
#include "app/store/database.h"

#include <QList>
#include <QStringList>

#include <optional>

namespace sealift {

struct VendorRow {
  QString id;
  QString name;
  QStringList addresses;   // of its repository, in order of preference
  QByteArray initialRoot;  // the bytes of the root metadata that was confirmed
  QString fingerprint;     // that was shown and confirmed
  QString metadataFolder;  // where trusted metadata is kept
  qint64 addedMs = 0;      // UTC, milliseconds since 1970-01-01
};

class VendorTable {
 public:
  explicit VendorTable(Database& database) : database_(database) {}
  Status insert(const VendorRow& row);  // AlreadyExists
  Status update(const VendorRow& row);  // NotFound
  Status remove(const QString& id);     // NotFound
  Result<std::optional<VendorRow>> find(const QString& id);
  Result<QList<VendorRow>> list();  // by name

 private:
  Database& database_;
};

}  // namespace sealift
