# sick: GRD101
from collections import OrderedDict

import torch.nn as nn


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        layers = OrderedDict()
        layers["fc0"] = nn.Linear(20, 40)
        for i in range(1, 12):
            layers[f"sig{i}"] = nn.Sigmoid()
            layers[f"fc{i}"] = nn.Linear(40, 40)
        self.features = nn.Sequential(layers)
        self.classifier = nn.Sequential(
            OrderedDict([("relu", nn.ReLU()), ("fc", nn.Linear(40, 2))])
        )

    def forward(self, x):
        return self.classifier(self.features(x))
