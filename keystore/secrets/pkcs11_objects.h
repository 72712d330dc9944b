// Searching a token's objects and reading their attributes, with caps on what a token may say. Internal.
#pragma once

#include "keystore/secrets/pkcs11_token.h"

#include <QByteArray>

namespace sealift {

// A template for searches and new objects. The values live as long as it does.
class Pkcs11Template {
 public:
  Pkcs11Template& add(CK_ATTRIBUTE_TYPE type, const QByteArray& value);
  Pkcs11Template& add(CK_ATTRIBUTE_TYPE type, CK_ULONG value);
  Pkcs11Template& addFlag(CK_ATTRIBUTE_TYPE type, bool value);
  std::vector<CK_ATTRIBUTE> attributes();

 private:
  std::vector<std::pair<CK_ATTRIBUTE_TYPE, QByteArray>> values_;
};

Result<std::vector<CK_OBJECT_HANDLE>> findObjects(const Pkcs11Session& session, Pkcs11Template pattern);
// Nothing when the object has no such attribute, or does not show it.
std::optional<QByteArray> readAttribute(const Pkcs11Session& session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
std::optional<CK_ULONG> readNumber(const Pkcs11Session& session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
std::optional<bool> readFlag(const Pkcs11Session& session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);

}  // namespace sealift
