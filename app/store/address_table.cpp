#include "app/store/address_table.h"

#include "app/store/table_util.h"

namespace sealift {
namespace {

AddressRow readAddress(const Statement& row) {
  return {row.text(0), row.text(1), row.integer(2)};
}

}  // namespace

Status AddressTable::insert(const AddressRow& row) {
  return toStatus(
      database_.run(u"INSERT INTO address(address, note, added_ms) VALUES(?,?,?)", row.address, row.note, row.addedMs));
}

Status AddressTable::remove(const QString& address) {
  return expectChanged(database_.run(u"DELETE FROM address WHERE address=?", address),
                       QStringLiteral("address %1 among those added by hand").arg(address));
}

Result<QList<AddressRow>> AddressTable::list() {
  SEALIFT_TRY(Statement statement,
              database_.prepare(u"SELECT address, note, added_ms FROM address ORDER BY added_ms, rowid"));
  return readRows(statement, readAddress);
}

}  // namespace sealift
