// Everything about one job: its end, what to do now, and its journal.
#pragma once

#include "app/services/station.h"
#include "ui/dialogs/dialog_frame.h"

namespace sealift {

class JobDetailsDialog final : public DialogFrame {
  Q_OBJECT

 public:
  JobDetailsDialog(const Station& station, const JobView& job, QWidget* parent);
};

}  // namespace sealift
