// The line at the window's foot: the audit log's state, how fresh the vendors' metadata is, who works here.
#pragma once

#include "app/services/views.h"

#include <QFrame>

namespace sealift {

class StatusDot;
class TextLabel;

class StatusStrip final : public QFrame {
  Q_OBJECT

 public:
  explicit StatusStrip(QWidget* parent = nullptr);

  void showAudit(const AuditHealth& health);
  void showVendors(const QList<VendorView>& vendors, const QDateTime& now);
  void showStation(const StationInfo& info);

 private:
  StatusDot* dot_;
  TextLabel* audit_;
  TextLabel* vendors_;
  TextLabel* station_;
};

}  // namespace sealift
