// Reads the members of one JSON object of the metadata (TUF 1.0, 4). The first problem sticks and says where it is;
// reading goes on with harmless values, so that the caller asks for status() once, at the end.
#pragma once

#include "keystore/tuf/metadata.h"

namespace sealift::tuf {

class MemberReader {
 public:
  // `where` names the object in messages: "The metadata's WHERE has no …". `object` must outlive the reader.
  MemberReader(const Json& object, const QString& where);

  const Json* find(const char* name) const;  // null when it is not there
  QString text(const char* name);
  qint64 integer(const char* name, qint64 least);
  bool truth(const char* name);
  const Json& object(const char* name);
  const Json& array(const char* name);
  QStringList texts(const char* name);

  // 4.4, HASHES, of the algorithms that are known here.
  QMap<DigestAlgorithm, QByteArray> hashes();
  // 4.3, "keys": those that can be used and whose id is right.
  Keys keys();
  // 4.3, "keyids" and "threshold".
  RoleKeys roleKeys();

  void note(const QString& problem);  // e.g. "has no object \"meta\""
  Status status() const;              // TrustMalformed when something was noted

 private:
  const Json& object_;
  QString where_;
  QString problem_;
};

// The bytes of hexadecimal text; empty for anything else.
QByteArray hexBytes(const std::string& text);

}  // namespace sealift::tuf
