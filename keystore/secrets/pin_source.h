// Who is asked for a PIN or passphrase. Implementations belong to their callers (terminal, window); those that
// need no one stand here. A PinSource is asked on the thread that opens or uses the key.
#pragma once

#include "app/base/result.h"
#include "keystore/crypto/secret_bytes.h"

#include <QString>

#include <optional>

namespace sealift {

enum class PinKind {
  Passphrase,  // of an encrypted key file
  TokenPin,    // the user PIN of a PKCS#11 token
  TpmAuth      // the authorization value of a TPM's key
};

struct PinRequest {
  PinKind kind = PinKind::Passphrase;
  QString keeper;                  // what it opens, in words: "the token \"fw\" (serial 1f2e)", "the key file a.pem"
  bool isNew = false;              // a new one is chosen (the file is made), not an existing one entered
  bool lastWasWrong = false;       // the one given before was refused
  std::optional<int> triesLeft{};  // where the keeper tells: before it locks itself
  bool fewTriesLeft = false;       // the keeper says that wrong ones were tried before, but not how many are left

  // "Passphrase of the key file a.pem", with a warning about few tries where there are few.
  QString prompt() const;
};

class PinSource {
 public:
  virtual ~PinSource() = default;
  // Empty only where an empty one is meant (isNew: not encrypted). Errors: Cancelled when the person gave up; KeyPin
  // where nobody can be asked.
  virtual Result<SecretBytes> ask(const PinRequest& request) = 0;
  // A person answers and may answer differently next time. Others are asked once, and never for a last try.
  virtual bool interactive() const = 0;
};

// For keys that need no PIN, and programs without anybody to ask: every question is an error that says so.
class NoPinSource final : public PinSource {
 public:
  Result<SecretBytes> ask(const PinRequest& request) override;
  bool interactive() const override { return false; }
};

// The same answer always, from a key's address. It is zeroed with this object.
class FixedPinSource final : public PinSource {
 public:
  explicit FixedPinSource(const QString& pin);
  Result<SecretBytes> ask(const PinRequest& request) override;
  bool interactive() const override { return false; }

 private:
  SecretBytes pin_;
};

// From the environment variable of this name, e.g. "SEALIFT_KEY_PIN".
class EnvironmentPinSource final : public PinSource {
 public:
  explicit EnvironmentPinSource(QByteArray variable) : variable_(std::move(variable)) {}
  Result<SecretBytes> ask(const PinRequest& request) override;
  bool interactive() const override { return false; }

 private:
  QByteArray variable_;
};

// The first line of a file that only its owner may read.
class FilePinSource final : public PinSource {
 public:
  explicit FilePinSource(QString path) : path_(std::move(path)) {}
  Result<SecretBytes> ask(const PinRequest& request) override;
  bool interactive() const override { return false; }

 private:
  QString path_;
};

}  // namespace sealift
