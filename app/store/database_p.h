// Inside app/store only.
#pragma once

#include "app/store/connection.h"
#include "app/store/database.h"

#include <mutex>
#include <vector>

namespace sealift {

struct Database::Private {
  QString path;
  QString setAsidePath;
  quint64 id = 0;            // never used twice in a program
  std::timed_mutex writers;  // see Transaction
  std::mutex mutex;          // guards connections
  // Owned by their threads, so that each is closed where it was made; closed from here when the Database ends first.
  std::vector<std::weak_ptr<Connection>> connections;
};

}  // namespace sealift
