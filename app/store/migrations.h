// Numbered changes of the schema, in one table. PRAGMA user_version holds the number of the last one that was done.
// A migration that was released is never edited; a change is a new row.
#pragma once

#include "app/base/result.h"

namespace sealift {

class Connection;

// "SEAL": PRAGMA application_id of the station's database (sqlite.org/fileformat2.html, section 1.3.13).
inline constexpr qint64 kApplicationId = 0x5345414C;

// The number of the newest migration.
int newestSchema();

// StoreNewer when the database is ahead of this program, StoreOpen when it belongs to another one. Changes nothing.
Status checkSchemaVersion(Connection& connection);

// Does what is missing, each migration in a transaction of its own.
Status migrate(Connection& connection);

}  // namespace sealift
