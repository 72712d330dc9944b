// Links that damage what they carry:
//   auto link = FaultyByteLink::make<CorruptingFault>(inner, {.seed = 7, .perMillion = 200});
//   auto link = FaultyDatagramLink::make<DroppingFault>(inner, {.at = 3});
#pragma once

#include "transports/links/link.h"
#include "transports/links/link_fault.h"

#include <memory>

namespace sealift {

// The faults of both directions of one link.
struct LinkFaults {
  std::unique_ptr<LinkFault> sending;    // null: undamaged
  std::unique_ptr<LinkFault> receiving;  // null: undamaged

  template <class Fault>
  static LinkFaults of(FaultPlan plan) {
    LinkFaults faults;
    faults.sending = plan.whenSending ? std::make_unique<Fault>(plan) : nullptr;
    plan.seed ^= 0x9E3779B97F4A7C15ULL;  // the directions fail independently
    faults.receiving = plan.whenReceiving ? std::make_unique<Fault>(plan) : nullptr;
    return faults;
  }
  qint64 count() const { return (sending ? sending->faults() : 0) + (receiving ? receiving->faults() : 0); }
};

class FaultyByteLink final : public ByteLink {
 public:
  FaultyByteLink(ByteLink& inner, LinkFaults faults) : inner_(inner), faults_(std::move(faults)) {}
  template <class Fault>
  static FaultyByteLink make(ByteLink& inner, const FaultPlan& plan) {
    return FaultyByteLink(inner, LinkFaults::of<Fault>(plan));
  }

  Result<QByteArray> read(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) override;
  Status write(QByteArrayView bytes, const Deadline& deadline, const CancelToken& cancel) override;
  Status discardInput() override { return inner_.discardInput(); }
  QString description() const override { return inner_.description() + QStringLiteral(", faulty"); }
  ModemLines* modemLines() override { return inner_.modemLines(); }
  qint64 faults() const { return faults_.count(); }

 private:
  ByteLink& inner_;
  LinkFaults faults_;
};

class FaultyDatagramLink final : public DatagramLink {
 public:
  FaultyDatagramLink(DatagramLink& inner, LinkFaults faults) : inner_(inner), faults_(std::move(faults)) {}
  template <class Fault>
  static FaultyDatagramLink make(DatagramLink& inner, const FaultPlan& plan) {
    return FaultyDatagramLink(inner, LinkFaults::of<Fault>(plan));
  }

  Result<QByteArray> receive(const Deadline& deadline, const CancelToken& cancel) override;
  Status send(QByteArrayView datagram, const Deadline& deadline, const CancelToken& cancel) override;
  qsizetype maxDatagram() const override { return inner_.maxDatagram(); }
  QString description() const override { return inner_.description() + QStringLiteral(", faulty"); }
  qint64 faults() const { return faults_.count(); }

 private:
  DatagramLink& inner_;
  LinkFaults faults_;
};

}  // namespace sealift
