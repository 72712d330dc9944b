#include "tests/support/troubled_links.h"

#include <algorithm>

namespace sealift::test {

namespace {

constexpr qsizetype kFlood = 4096;  // bytes that come too much, each time

tl::unexpected<Error> lost() {
  return fail(ErrorCode::LinkLost, QStringLiteral("The cable was pulled."));
}

// What every link does before its operation: is it still there, and what goes wrong now?
class LinkLife {
 public:
  explicit LinkLife(TroubleState& state) : state_(state), losses_(state.losses()) {}

  Result<std::optional<LinkTrouble>> begin(bool isAnswer) {
    const std::optional<LinkTrouble> trouble = state_.meet(isAnswer);
    if (losses_ != state_.losses() || trouble == LinkTrouble::Lost) {
      return lost();
    }
    return trouble;
  }
  TroubleState& state() { return state_; }

 private:
  TroubleState& state_;
  const int losses_;
};

class TroubledByteLink final : public ByteLink {
 public:
  TroubledByteLink(std::unique_ptr<ByteLink> inner, TroubleState& state) : inner_(std::move(inner)), life_(state) {}

  Result<QByteArray> read(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) override {
    SEALIFT_TRY(const std::optional<LinkTrouble> trouble, life_.begin(true));
    if (waiting_.isEmpty() || trouble == LinkTrouble::Nothing) {
      const bool impatient = trouble && trouble != LinkTrouble::TooLate;
      const Deadline until = impatient ? deadline.sooner(TroubledLinks::kImpatience, deadline.name()) : deadline;
      Result<QByteArray> came = inner_->read(maxBytes, until, cancel);
      if (!came) {
        return came.error().code == ErrorCode::Timeout ? Result<QByteArray>(deadline.timeout()) : came;
      }
      if (trouble == LinkTrouble::Nothing) {
        return deadline.timeout();
      }
      waiting_ += *came;
      if (trouble == LinkTrouble::TooLate) {
        return deadline.timeout();
      }
      if (trouble == LinkTrouble::Garbage) {
        waiting_ = life_.state().noise(waiting_.size());
      }
      if (trouble == LinkTrouble::TooMuch) {
        waiting_ += life_.state().noise(kFlood);
      }
    }
    QByteArray given = waiting_.first(std::min(maxBytes, waiting_.size()));
    waiting_.remove(0, given.size());
    return given;
  }
  Status write(QByteArrayView bytes, const Deadline& deadline, const CancelToken& cancel) override {
    SEALIFT_CHECK(life_.begin(false));
    life_.state().countSent(bytes.size());
    return inner_->write(bytes, deadline, cancel);
  }
  Status discardInput() override {
    SEALIFT_CHECK(life_.begin(false));
    waiting_.clear();
    return inner_->discardInput();
  }
  QString description() const override { return inner_->description(); }
  ModemLines* modemLines() override { return inner_->modemLines(); }

 private:
  std::unique_ptr<ByteLink> inner_;
  LinkLife life_;
  QByteArray waiting_;
};

class TroubledDatagramLink final : public DatagramLink {
 public:
  TroubledDatagramLink(std::unique_ptr<DatagramLink> inner, TroubleState& state)
      : inner_(std::move(inner)), life_(state) {}

  Result<QByteArray> receive(const Deadline& deadline, const CancelToken& cancel) override {
    SEALIFT_TRY(const std::optional<LinkTrouble> trouble, life_.begin(true));
    if (late_ && trouble != LinkTrouble::Nothing) {
      return *std::exchange(late_, std::nullopt);
    }
    const bool impatient = trouble && trouble != LinkTrouble::TooLate;
    Result<QByteArray> came =
        inner_->receive(impatient ? deadline.sooner(TroubledLinks::kImpatience, deadline.name()) : deadline, cancel);
    if (!came || !trouble) {
      return came;
    }
    switch (*trouble) {
      case LinkTrouble::TooLate:
        late_ = *came;
        return deadline.timeout();
      case LinkTrouble::Garbage:
        return life_.state().noise(came->size());
      case LinkTrouble::TooMuch:
        return *came + life_.state().noise(kFlood);
      default:
        return deadline.timeout();
    }
  }
  Status send(QByteArrayView datagram, const Deadline& deadline, const CancelToken& cancel) override {
    SEALIFT_CHECK(life_.begin(false));
    life_.state().countSent(datagram.size());
    return inner_->send(datagram, deadline, cancel);
  }
  qsizetype maxDatagram() const override { return inner_->maxDatagram(); }
  QString description() const override { return inner_->description(); }

 private:
  std::unique_ptr<DatagramLink> inner_;
  LinkLife life_;
  std::optional<QByteArray> late_;
};

class TroubledUsbLink final : public UsbLink {
 public:
  TroubledUsbLink(std::unique_ptr<UsbLink> inner, TroubleState& state) : inner_(std::move(inner)), life_(state) {}

  const UsbDeviceInfo& device() const override { return inner_->device(); }
  Status claim(int interfaceNumber, int alternate, const CancelToken& cancel) override {
    SEALIFT_CHECK(life_.begin(false));
    return inner_->claim(interfaceNumber, alternate, cancel);
  }
  Result<QByteArray> controlIn(const UsbRequest& request, quint16 maxBytes, const Deadline& deadline,
                               const CancelToken& cancel) override {
    SEALIFT_TRY(const std::optional<LinkTrouble> trouble, life_.begin(true));
    // A control transfer that came to nothing is taken back: nothing of it comes later.
    return changed(inner_->controlIn(request, maxBytes, deadline, cancel), trouble, maxBytes, deadline);
  }
  Status controlOut(const UsbRequest& request, QByteArrayView data, const Deadline& deadline,
                    const CancelToken& cancel) override {
    SEALIFT_CHECK(life_.begin(false));
    life_.state().countSent(data.size());
    return inner_->controlOut(request, data, deadline, cancel);
  }
  Result<QByteArray> bulkIn(quint8 endpoint, qsizetype maxBytes, const Deadline& deadline,
                            const CancelToken& cancel) override {
    SEALIFT_TRY(const std::optional<LinkTrouble> trouble, life_.begin(true));
    if (trouble == LinkTrouble::TooLate) {  // the device keeps it until it is asked again
      return deadline.timeout();
    }
    return changed(inner_->bulkIn(endpoint, maxBytes, deadline, cancel), trouble, maxBytes, deadline);
  }
  Status bulkOut(quint8 endpoint, QByteArrayView data, const Deadline& deadline, const CancelToken& cancel) override {
    SEALIFT_CHECK(life_.begin(false));
    life_.state().countSent(data.size());
    return inner_->bulkOut(endpoint, data, deadline, cancel);
  }
  Status reset(const CancelToken& cancel) override {
    SEALIFT_CHECK(life_.begin(false));
    return inner_->reset(cancel);
  }
  QString description() const override { return inner_->description(); }

 private:
  Result<QByteArray> changed(const Result<QByteArray>& came, std::optional<LinkTrouble> trouble, qsizetype maxBytes,
                             const Deadline& deadline) {
    if (!came || !trouble) {
      return came;
    }
    switch (*trouble) {
      case LinkTrouble::Garbage:
        return life_.state().noise(came->size());
      case LinkTrouble::TooMuch:  // the host takes no more than it asked for
        return *came + life_.state().noise(maxBytes - came->size());
      default:
        return deadline.timeout();
    }
  }

  std::unique_ptr<UsbLink> inner_;
  LinkLife life_;
};

class TroubledWebSocket final : public WebSocketLink {
 public:
  TroubledWebSocket(std::unique_ptr<WebSocketLink> inner, const LinkLife& life)
      : inner_(std::move(inner)), life_(life) {}

  Result<QByteArray> receive(const Deadline& deadline, const CancelToken& cancel) override {
    SEALIFT_TRY(const std::optional<LinkTrouble> trouble, life_.begin(true));
    if (trouble == LinkTrouble::Nothing || trouble == LinkTrouble::TooLate) {
      return deadline.timeout();
    }
    const Deadline until = trouble ? deadline.sooner(TroubledLinks::kImpatience, deadline.name()) : deadline;
    return changed(inner_->receive(until, cancel), trouble);
  }
  Result<QByteArray> takeReceived() override {
    SEALIFT_TRY(const std::optional<LinkTrouble> trouble, life_.begin(false));
    return changed(inner_->takeReceived(), trouble);
  }

 private:
  Result<QByteArray> changed(const Result<QByteArray>& came, std::optional<LinkTrouble> trouble) {
    if (!came || came->isEmpty() || !trouble) {
      return came;
    }
    return trouble == LinkTrouble::TooMuch ? lost() : Result<QByteArray>(life_.state().noise(came->size()));
  }

  std::unique_ptr<WebSocketLink> inner_;
  LinkLife life_;
};

class TroubledHttpLink final : public HttpLink {
 public:
  TroubledHttpLink(std::unique_ptr<HttpLink> inner, TroubleState& state) : inner_(std::move(inner)), life_(state) {}

  Result<HttpResponse> exchange(const HttpRequest& request, qint64 maxBytes, const Deadline& deadline,
                                const CancelToken& cancel) override {
    SEALIFT_TRY(const std::optional<LinkTrouble> trouble, life_.begin(true));
    for (const QByteArrayView part : request.body) {
      life_.state().countSent(part.size());
    }
    Result<HttpResponse> came = inner_->exchange(request, maxBytes, deadline, cancel);
    if (!came || !trouble) {
      return came;
    }
    switch (*trouble) {
      case LinkTrouble::Garbage:
        came->body = life_.state().noise(came->body.size());
        return came;
      case LinkTrouble::TooMuch:
        return fail(ErrorCode::FileTooLarge, QStringLiteral("The answer was too long."));
      default:
        return deadline.timeout();
    }
  }
  Result<std::unique_ptr<WebSocketLink>> openWebSocket(const QByteArray& path, qsizetype maxMessageBytes,
                                                       const Deadline& deadline, const CancelToken& cancel) override {
    SEALIFT_CHECK(life_.begin(false));
    SEALIFT_TRY(std::unique_ptr<WebSocketLink> socket, inner_->openWebSocket(path, maxMessageBytes, deadline, cancel));
    return std::make_unique<TroubledWebSocket>(std::move(socket), life_);
  }
  QString description() const override { return inner_->description(); }

 private:
  std::unique_ptr<HttpLink> inner_;
  LinkLife life_;
};

}  // namespace

// ---- state ----------------------------------------------------------------------------------------------

void TroubleState::begin(LinkTrouble trouble, int atOperation) {
  trouble_ = trouble;
  countdown_ = atOperation;
  isOn_ = false;
}

void TroubleState::end() {
  countdown_ = 0;
  isOn_ = false;
}

void TroubleState::callAt(int atOperation, const std::function<void()>& call) {
  callIn_ = atOperation;
  call_ = call;
}

void TroubleState::countFromHere() {
  sent_ = 0;
}

void TroubleState::countSent(qsizetype bytes) {
  sent_ += static_cast<quint64>(bytes);
  if (loseAfter_ && sent_ >= *loseAfter_) {
    loseAfter_.reset();
    begin(LinkTrouble::Lost, 1);
  }
}

std::optional<LinkTrouble> TroubleState::meet(bool isAnswer) {
  ++operations_;
  if (callIn_ > 0 && --callIn_ == 0) {
    call_();
  }
  const bool concerns = isAnswer || trouble_ == LinkTrouble::Lost;
  if (concerns && countdown_ > 0 && --countdown_ == 0) {
    isOn_ = true;
    losses_ += trouble_ == LinkTrouble::Lost ? 1 : 0;
    if (trouble_ == LinkTrouble::TooLate) {
      isOn_ = false;
      return trouble_;
    }
  }
  return isOn_ && concerns ? std::optional(trouble_) : std::nullopt;
}

QByteArray TroubleState::noise(qsizetype size) {
  QByteArray bytes(size, '\0');
  for (char& byte : bytes) {
    byte = static_cast<char>(random_());
  }
  return bytes;
}

// ---- opener ---------------------------------------------------------------------------------------------

Status TroubledLinks::open() {
  const auto trouble = state_.meet(false);
  return trouble == LinkTrouble::Lost || state_.isLost()
             ? Status(fail(ErrorCode::LinkOpen, QStringLiteral("The cable is not plugged in.")))
             : Status();
}

Result<std::unique_ptr<ByteLink>> TroubledLinks::openBytes(const LinkAddress& address, const CancelToken& cancel) {
  SEALIFT_CHECK(open());
  SEALIFT_TRY(std::unique_ptr<ByteLink> link, inner_.openBytes(address, cancel));
  return std::make_unique<TroubledByteLink>(std::move(link), state_);
}

Result<std::unique_ptr<DatagramLink>> TroubledLinks::openDatagrams(const LinkAddress& address,
                                                                   const CancelToken& cancel) {
  SEALIFT_CHECK(open());
  SEALIFT_TRY(std::unique_ptr<DatagramLink> link, inner_.openDatagrams(address, cancel));
  return std::make_unique<TroubledDatagramLink>(std::move(link), state_);
}

Result<std::unique_ptr<UsbLink>> TroubledLinks::openUsb(const LinkAddress& address, const CancelToken& cancel) {
  SEALIFT_CHECK(open());
  SEALIFT_TRY(std::unique_ptr<UsbLink> link, inner_.openUsb(address, cancel));
  return std::make_unique<TroubledUsbLink>(std::move(link), state_);
}

// A device whose cable is out is not on the bus.
Result<QList<UsbDeviceInfo>> TroubledLinks::usbDevices() {
  (void)state_.meet(false);
  return state_.isLost() ? Result<QList<UsbDeviceInfo>>(QList<UsbDeviceInfo>{}) : inner_.usbDevices();
}

Result<std::unique_ptr<HttpLink>> TroubledLinks::openHttp(const LinkAddress& address, const HttpAccess& access,
                                                          const CancelToken& cancel) {
  SEALIFT_CHECK(open());
  SEALIFT_TRY(std::unique_ptr<HttpLink> link, inner_.openHttp(address, access, cancel));
  return std::make_unique<TroubledHttpLink>(std::move(link), state_);
}

}  // namespace sealift::test
