// The tpm2-openssl provider in a library context of its own, so that nothing else in the process computes in the TPM.
// Internal to this folder. Users of one TPM share a context: it has one connection and does one thing at a time.
#pragma once

#include "app/base/result.h"

#include <memory>
#include <mutex>

struct ossl_lib_ctx_st;  // OpenSSL's OSSL_LIB_CTX

namespace sealift {

inline constexpr const char* kTpmProperties = "?provider=tpm2";

class TpmContext {
 public:
  // NotSupported when the provider isn't installed, KeyAbsent when the TPM can't be reached.
  static Result<std::shared_ptr<TpmContext>> open(const QString& tcti);
  static bool isOpen(const QString& tcti);
  ~TpmContext();
  TpmContext(const TpmContext&) = delete;
  TpmContext& operator=(const TpmContext&) = delete;

  ossl_lib_ctx_st* library() const { return library_; }
  // Held around each use of the library context: the provider's connection is not safe for threads.
  std::mutex& mutex() { return mutex_; }

 private:
  explicit TpmContext(ossl_lib_ctx_st* library) : library_(library) {}
  Status loadProviders(const QString& tcti);

  ossl_lib_ctx_st* library_;
  std::mutex mutex_;
};

// What OpenSSL's queue of errors says the TPM reported, as far as it means something to people.
Error tpmError(const QString& doing);

}  // namespace sealift
