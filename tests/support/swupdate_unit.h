// Debian's real SWUpdate daemon for the contract of drivers, and to be interrupted.
#pragma once

#include "keystore/crypto/digest.h"
#include "tests/support/driver_contract.h"
#include "tests/support/swupdate_board.h"

namespace sealift::test {

constexpr qsizetype kSwuPayloadBytes = 300'000;

inline SwuMaker& swuVendor() {
  static SwuMaker instance;
  return instance;
}

class SwupdateUnit final : public ContractUnit {
 public:
  SwupdateUnit() : board_(options()) {
    if (!board_.start()) {
      qFatal("%s", board_.log().constData());
    }
  }

  ModelDescription model() const override {
    ModelDescription model = board_.model(swuVendor().authority());
    model.timings = {.restartSeconds = 2, .confirmSeconds = 1};
    return model;
  }
  LinkAddress address() const override { return *LinkAddress::parse(board_.address()); }
  LinkOpener& opener() override { return opener_; }
  Image newImage() const override { return image(QStringLiteral("mail"), true); }
  Image wrongImage() const override { return image(QStringLiteral("stranger"), true); }
  std::optional<Image> failingImage() const override { return image(QStringLiteral("mail"), false); }
  std::optional<Version> firmware() override { return board_.firmware(); }
  void powerCycle() override {
    board_.cutPower();
    if (!board_.powerOn()) {
      qFatal("%s", board_.log().constData());
    }
  }
  // The daemon and its children.
  pid_t processGroup() const { return static_cast<pid_t>(board_.daemonPid()); }

 private:
  static SwupdateBoard::Options options() {
    SwupdateBoard::Options options;
    options.authority = swuVendor().authority();
    return options;
  }
  Image image(const QString& signer, bool boots) const {
    const QByteArray payload = SwupdateBoard::payload("2.0.0", kSwuPayloadBytes, boots);
    Image image;
    image.bytes = swuVendor().make("2.0.0", payload, board_.spare().toUtf8(), "1.0", signer);
    image.sha256 = sha256(image.bytes);
    image.facts = verifySwuImage(image.bytes, {swuVendor().authority(), swuVendor().otherAuthority()}).value();
    return image;
  }

  SwupdateBoard board_;
  SystemLinkOpener opener_;
};

}  // namespace sealift::test
