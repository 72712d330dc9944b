// The options by which a command says which certificate this station shows, and with which key.
#pragma once

#include "app/cli/command.h"

#include <optional>

namespace sealift {

class ClientIdentityOptions {
 public:
  void declare(CLI::App& app) {
    CLI::Option* certificate =
        app.add_option("--client-certificate", certificate_, "Show this certificate (PEM, its issuers after it)")
            ->type_name("FILE");
    app.add_option("--client-key", key_, "Its key: a PEM file, pkcs11:…, tpm:… or keychain:…")
        ->type_name("ADDRESS")
        ->needs(certificate);
    app.add_flag("--no-client-certificate", none_, "Show none")->excludes(certificate);
  }
  // `Change`: as VendorAccessChange and DeviceAccessChange have it. What was not given stays absent.
  template <class Change>
  void addTo(Change& change) const {
    if (!certificate_.empty() || none_) {
      change.clientCertificate = fromStd(certificate_);
      change.clientKey = fromStd(key_);
    }
  }

 private:
  std::string certificate_;
  std::string key_;
  bool none_ = false;
};

}  // namespace sealift
