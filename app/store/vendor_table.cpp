#include "app/store/vendor_table.h"

#include "app/store/table_util.h"

#include <QJsonArray>
#include <QJsonDocument>

namespace sealift {
namespace {

QByteArray toJson(const QStringList& addresses) {
  return QJsonDocument(QJsonArray::fromStringList(addresses)).toJson(QJsonDocument::Compact);
}

QStringList fromJson(const QString& json) {
  QStringList addresses;
  const QJsonArray array = QJsonDocument::fromJson(json.toUtf8()).array();
  for (const QJsonValue& value : array) {
    addresses.append(value.toString());
  }
  return addresses;
}

VendorRow readVendor(const Statement& row) {
  return {row.text(0), row.text(1), fromJson(row.text(2)), row.bytes(3), row.text(4), row.text(5), row.integer(6)};
}

}  // namespace

Status VendorTable::insert(const VendorRow& row) {
  return toStatus(
      database_.run(u"INSERT INTO vendor(id, name, addresses, initial_root, fingerprint, metadata_folder, added_ms) "
                    u"VALUES(?,?,?,?,?,?,?)",
                    row.id, row.name, QString::fromUtf8(toJson(row.addresses)), row.initialRoot, row.fingerprint,
                    row.metadataFolder, row.addedMs));
}

Status VendorTable::update(const VendorRow& row) {
  return expectChanged(
      database_.run(u"UPDATE vendor SET name=?, addresses=?, initial_root=?, fingerprint=?, metadata_folder=?, "
                    u"added_ms=? WHERE id=?",
                    row.name, QString::fromUtf8(toJson(row.addresses)), row.initialRoot, row.fingerprint,
                    row.metadataFolder, row.addedMs, row.id),
      QStringLiteral("vendor %1").arg(row.id));
}

Status VendorTable::remove(const QString& id) {
  return expectChanged(database_.run(u"DELETE FROM vendor WHERE id=?", id), QStringLiteral("vendor %1").arg(id));
}

Result<std::optional<VendorRow>> VendorTable::find(const QString& id) {
  SEALIFT_TRY(Statement statement,
              database_.prepare(u"SELECT id, name, addresses, initial_root, fingerprint, metadata_folder, added_ms "
                                u"FROM vendor WHERE id=?"));
  return readRow(statement.bind(id), readVendor);
}

Result<QList<VendorRow>> VendorTable::list() {
  SEALIFT_TRY(Statement statement,
              database_.prepare(u"SELECT id, name, addresses, initial_root, fingerprint, metadata_folder, added_ms "
                                u"FROM vendor ORDER BY name, id"));
  return readRows(statement, readVendor);
}

}  // namespace sealift
