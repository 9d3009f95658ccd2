# sick: GRD301
import torch
import torch.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(20, 64)
        self.fc2 = nn.Linear(64, 64)
        self.fc3 = nn.Linear(64, 5)

    def forward(self, x):
        x = torch.relu(self.fc1(x))
        x = torch.relu(self.fc2(x))
        return self.fc3(x)


net = Net()
for p in net.parameters():
    nn.init.constant_(p, 0.1)

optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
