#include "devices/virtual/virtual_stm32_link.h"

namespace sealift {

class VirtualStm32Link final : public ByteLink, public ModemLines {
 public:
  explicit VirtualStm32Link(VirtualStm32Port& port) : port_(port) { port_.setLines(dtr_, rts_); }
  VirtualStm32Link(const VirtualStm32Link&) = delete;
  VirtualStm32Link& operator=(const VirtualStm32Link&) = delete;
  ~VirtualStm32Link() override { port_.setLines(false, false); }

  Result<QByteArray> read(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) override {
    SEALIFT_CHECK(cancel.check());
    SEALIFT_CHECK(port_.touch());
    const std::scoped_lock lock(port_.mutex_);
    if (port_.arrived_.isEmpty()) {
      return deadline.timeout();
    }
    const QByteArray bytes = port_.arrived_.left(maxBytes);
    port_.arrived_.remove(0, bytes.size());
    return bytes;
  }
  Status write(QByteArrayView bytes, const Deadline& /*deadline*/, const CancelToken& cancel) override {
    SEALIFT_CHECK(cancel.check());
    SEALIFT_CHECK(port_.touch());
    port_.send(bytes);
    return {};
  }
  Status discardInput() override {
    const std::scoped_lock lock(port_.mutex_);
    port_.arrived_.clear();
    return {};
  }
  QString description() const override { return QStringLiteral("virtual serial port"); }

  ModemLines* modemLines() override { return port_.wiring_.resetOnDtr ? this : nullptr; }
  Status setDtr(bool on) override {
    dtr_ = on;
    port_.setLines(dtr_, rts_);
    return {};
  }
  Status setRts(bool on) override {
    rts_ = on;
    port_.setLines(dtr_, rts_);
    return {};
  }

 private:
  VirtualStm32Port& port_;
  bool dtr_ = true;
  bool rts_ = true;
};

std::unique_ptr<ByteLink> VirtualStm32Port::open() {
  return std::make_unique<VirtualStm32Link>(*this);
}

void VirtualStm32Port::loseAt(quint64 n) {
  const std::scoped_lock lock(mutex_);
  loseAt_ = n == 0 ? 0 : operations_ + n;
}

Status VirtualStm32Port::touch() {
  quint64 nth = 0;
  bool lost = false;
  {
    const std::scoped_lock lock(mutex_);
    nth = ++operations_;
    lost = loseAt_ != 0 && nth >= loseAt_;
  }
  if (watcher_) {
    watcher_(nth);
  }
  return lost ? fail(ErrorCode::LinkLost, QStringLiteral("The serial port went away.")) : Status();
}

void VirtualStm32Port::send(QByteArrayView bytes) {
  const std::scoped_lock lock(mutex_);
  bool answering = false;
  for (const char byte : bytes) {
    if (answering) {
      ++lostBytes_;
      continue;
    }
    for (const Stm32Machine::Part& part : machine_.feed(static_cast<quint8>(byte))) {
      arrived_ += part.bytes;
      answering = true;
    }
  }
}

void VirtualStm32Port::setLines(bool dtr, bool rts) {
  const std::scoped_lock lock(mutex_);
  if (wiring_.boot0OnRts) {
    machine_.setBoot0(rts);
  }
  if (wiring_.resetOnDtr) {
    machine_.setReset(dtr);
  }
}

}  // namespace sealift
