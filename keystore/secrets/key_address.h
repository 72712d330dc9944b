// Where a private key lives, as one string that stands in settings, on command lines and in logs:
//   /path/key.pem, key.pem, file:///path/key.pem   a PEM file (PKCS#8, encrypted or not)
//   keychain:NAME                                  a key kept by the operating system's keychain
//   pkcs11:token=…;object=…?…                      a key in a PKCS#11 token (RFC 7512; see pkcs11_uri.h)
//   tpm:/path/key.pem, tpm:handle=0x81000001       a TPM 2.0's key: its wrapped file ("TSS2 PRIVATE KEY"), or a
//                                                  persistent handle; "?tcti=…" says how to reach the TPM
// Plain values; any thread.
#pragma once

#include "app/base/result.h"
#include "keystore/secrets/pkcs11_uri.h"

#include <QString>
#include <QStringView>

#include <optional>
#include <variant>

namespace sealift {

struct FileKeyAddress {
  QString path;  // as it was written: may be relative to the working folder
  bool operator==(const FileKeyAddress&) const = default;
};

struct KeychainKeyAddress {
  QString name;  // 1 to 128 printable characters
  bool operator==(const KeychainKeyAddress&) const = default;
};

struct TpmKeyAddress {
  QString path;                   // of the wrapped key; empty when there is a handle
  std::optional<quint32> handle;  // persistent: 0x81000000 to 0x81FFFFFF (TPM 2.0 Library, Part 2, 7.5)
  QString tcti;                   // e.g. "device:/dev/tpmrm0"; empty: TPM2OPENSSL_TCTI, or the system's own choice
  bool operator==(const TpmKeyAddress&) const = default;
};

class KeyAddress {
 public:
  using Keeper = std::variant<FileKeyAddress, KeychainKeyAddress, Pkcs11Uri, TpmKeyAddress>;

  explicit KeyAddress(Keeper keeper) : keeper_(std::move(keeper)) {}
  // InvalidArgument with what is wrong. Text without one of the schemes above is a path; a text that looks like
  // another scheme ("http:…") is refused, "./http:x" is a path. Nothing is opened or looked for.
  static Result<KeyAddress> parse(QStringView text);

  const Keeper& keeper() const { return keeper_; }
  template <class T>
  const T* as() const {
    return std::get_if<T>(&keeper_);
  }
  // True when the key can't be copied out of where it is: PKCS#11 and TPM.
  bool inHardware() const { return as<Pkcs11Uri>() != nullptr || as<TpmKeyAddress>() != nullptr; }
  // The same, with paths that no longer depend on the working folder: as it can be kept.
  KeyAddress absolute() const;
  // One form that parses to the same address. A PIN in it (pin-value) is left out: this goes to logs and settings.
  QString toString() const;
  bool operator==(const KeyAddress&) const = default;

 private:
  Keeper keeper_;
};

}  // namespace sealift
