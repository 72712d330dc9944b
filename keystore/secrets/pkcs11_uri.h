// The PKCS #11 URI scheme (RFC 7512): which private key in which token, through which module, with which PIN.
// Strict: an attribute that is unknown, written twice, empty where it must say something, or badly encoded is an
// error, because a URI that is understood by halves selects the wrong key.
#pragma once

#include "app/base/result.h"

#include <QByteArray>
#include <QString>
#include <QStringView>

#include <optional>

namespace sealift {

struct Pkcs11Version {
  int major = 0;
  int minor = 0;
  bool operator==(const Pkcs11Version&) const = default;
};

struct Pkcs11Uri {
  // Path attributes (RFC 7512, 2.3); one that is not there matches everything. Text compares exactly with the
  // token's own fields after their trailing blanks were taken off.
  std::optional<QString> token;         // CK_TOKEN_INFO.label
  std::optional<QString> manufacturer;  // CK_TOKEN_INFO.manufacturerID
  std::optional<QString> serial;        // CK_TOKEN_INFO.serialNumber
  std::optional<QString> model;         // CK_TOKEN_INFO.model
  std::optional<QString> libraryManufacturer;
  std::optional<QString> libraryDescription;
  std::optional<Pkcs11Version> libraryVersion;
  std::optional<QString> slotManufacturer;
  std::optional<QString> slotDescription;
  std::optional<quint64> slotId;
  std::optional<QString> object;  // CKA_LABEL
  std::optional<QByteArray> id;   // CKA_ID, raw bytes
  bool typeGiven = false;         // "type=private"; no other type names a key to sign with
  // Query attributes (RFC 7512, 2.4).
  std::optional<QString> pinSource;   // absolute path of a file that holds the PIN
  std::optional<QString> pinValue;    // the PIN itself; never printed
  std::optional<QString> modulePath;  // absolute path of the module
  std::optional<QString> moduleName;  // its name without prefix and suffix, e.g. "softhsm2"

  bool operator==(const Pkcs11Uri&) const = default;

  // InvalidArgument with what is wrong and where.
  static Result<Pkcs11Uri> parse(QStringView text);
  // Canonical order, only what RFC 7512 demands percent-encoded; without pin-value.
  QString toString() const;
};

}  // namespace sealift
