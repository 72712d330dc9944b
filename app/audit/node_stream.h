// Inside app/audit only: the stored nodes of the tree, read once in the order in which growing completes them.
#pragma once

#include "app/base/result.h"
#include "app/store/database.h"

#include <QByteArray>

#include <map>

namespace sealift {

class NodeStreams {
 public:
  explicit NodeStreams(Database& database) : database_(database) {}

  // The stored hash of a node; empty when it is not there. Within a level positions must be asked for in order.
  Result<QByteArray> take(int level, qint64 position);
  // Whether no node is left that nobody asked for.
  Result<bool> isExhausted();

 private:
  struct Level {
    Statement rows;
    bool hasRow = false;
    qint64 position = 0;
  };
  Result<Level*> open(int level);
  static Status advance(Level& level);

  Database& database_;
  std::map<int, Level> levels_;
  qint64 taken_ = 0;
};

}  // namespace sealift
