#include "keystore/secrets/pkcs11_objects.h"

#include <cstring>

namespace sealift {

namespace {

constexpr std::size_t kMostObjects = 256;
constexpr CK_ULONG kMostAttributeBytes = 64 * 1024;

}  // namespace

Pkcs11Template& Pkcs11Template::add(CK_ATTRIBUTE_TYPE type, const QByteArray& value) {
  values_.emplace_back(type, value);
  return *this;
}

Pkcs11Template& Pkcs11Template::add(CK_ATTRIBUTE_TYPE type, CK_ULONG value) {
  return add(type, QByteArray(reinterpret_cast<const char*>(&value), sizeof value));
}

Pkcs11Template& Pkcs11Template::addFlag(CK_ATTRIBUTE_TYPE type, bool value) {
  return add(type, QByteArray(1, value ? '\x01' : '\x00'));
}

std::vector<CK_ATTRIBUTE> Pkcs11Template::attributes() {
  std::vector<CK_ATTRIBUTE> attributes;
  for (auto& [type, value] : values_) {
    attributes.push_back({type, value.data(), static_cast<CK_ULONG>(value.size())});
  }
  return attributes;
}

Result<std::vector<CK_OBJECT_HANDLE>> findObjects(const Pkcs11Session& session, Pkcs11Template pattern) {
  const QString doing = QStringLiteral("Searching ") + session.token().name();
  std::vector<CK_ATTRIBUTE> attributes = pattern.attributes();
  CK_RV result = session.functions()->C_FindObjectsInit(session.handle(), attributes.data(),
                                                        static_cast<CK_ULONG>(attributes.size()));
  if (result != CKR_OK) {
    return fail(pkcs11Error(result, doing));
  }
  std::vector<CK_OBJECT_HANDLE> found(kMostObjects);
  CK_ULONG count = 0;
  result = session.functions()->C_FindObjects(session.handle(), found.data(), kMostObjects, &count);
  (void)session.functions()->C_FindObjectsFinal(session.handle());
  if (result != CKR_OK) {
    return fail(pkcs11Error(result, doing));
  }
  found.resize(std::min<std::size_t>(count, kMostObjects));
  return found;
}

std::optional<QByteArray> readAttribute(const Pkcs11Session& session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
  CK_ATTRIBUTE attribute{type, nullptr, 0};
  if (session.functions()->C_GetAttributeValue(session.handle(), object, &attribute, 1) != CKR_OK ||
      attribute.ulValueLen == CK_UNAVAILABLE_INFORMATION || attribute.ulValueLen > kMostAttributeBytes) {
    return std::nullopt;
  }
  QByteArray value(static_cast<qsizetype>(attribute.ulValueLen), '\0');
  attribute.pValue = value.data();
  if (session.functions()->C_GetAttributeValue(session.handle(), object, &attribute, 1) != CKR_OK ||
      attribute.ulValueLen > static_cast<CK_ULONG>(value.size())) {
    return std::nullopt;
  }
  value.truncate(static_cast<qsizetype>(attribute.ulValueLen));
  return value;
}

std::optional<CK_ULONG> readNumber(const Pkcs11Session& session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
  const std::optional<QByteArray> value = readAttribute(session, object, type);
  CK_ULONG number = 0;
  if (!value || value->size() != static_cast<qsizetype>(sizeof number)) {
    return std::nullopt;
  }
  std::memcpy(&number, value->constData(), sizeof number);
  return number;
}

std::optional<bool> readFlag(const Pkcs11Session& session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
  const std::optional<QByteArray> value = readAttribute(session, object, type);
  return value && value->size() == 1 ? std::optional(value->front() != '\0') : std::nullopt;
}

}  // namespace sealift
