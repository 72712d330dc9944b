// Closing the window while jobs run: what that means for each device, and three ways to go on.
#pragma once

#include "app/services/views.h"
#include "ui/dialogs/dialog_frame.h"

namespace sealift {

class CloseDuringTransferDialog final : public DialogFrame {
  Q_OBJECT

 public:
  CloseDuringTransferDialog(const QList<JobView>& running, QWidget* parent);

 Q_SIGNALS:
  void closeNow();
  void closeWhenDone();
};

}  // namespace sealift
