// The data folder and the database file in it: private to its owner, damaged files set aside, never deleted.
#pragma once

#include "app/base/result.h"

#include <QString>

namespace sealift {

inline constexpr char kDatabaseName[] = "sealift.db";

// Makes the folder if need be and gives it mode 0700. StoreOpen when it can't be a folder of Sealift's own (the home
// folder, the folder for temporary files, the root).
Status makeDataFolder(const QString& folder);
// Makes an empty file of mode 0600, or takes the group's and others' rights from an existing one.
Status makeDatabaseFile(const QString& path);

// Renames the database with its -wal and -shm files to `path`.damaged-<UTC time stamp>; the new name.
Result<QString> setDatabaseAside(const QString& path);
// The newest database that was set aside; empty when there is none.
QString newestSetAside(const QString& path);

}  // namespace sealift
