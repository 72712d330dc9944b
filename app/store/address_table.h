// Addresses of devices that the user added by hand.
#pragma once

#include "app/base/result.h"
#include "app/store/database.h"

#include <QList>

namespace sealift {

struct AddressRow {
  QString address;  // as links write it, e.g. udp:192.0.2.7:1337
  QString note;
  qint64 addedMs = 0;  // UTC, milliseconds since 1970-01-01
};

class AddressTable {
 public:
  explicit AddressTable(Database& database) : database_(database) {}
  Status insert(const AddressRow& row);   // AlreadyExists
  Status remove(const QString& address);  // NotFound
  Result<QList<AddressRow>> list();       // in the order they were added

 private:
  Database& database_;
};

}  // namespace sealift
